"""DynamoDB's typed values: paths into items, comparisons, sums and sets. No value is changed in place."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tests.support.simulated.errors import invalid

type Names = Mapping[str, str]
type Path = tuple[str | int, ...]

COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def resolved(path: Path, names: Names) -> Path:
    return tuple(names[part] if isinstance(part, str) and part[0] == "#" else part for part in path)


def value_at(item: Any, path: Path) -> Any:
    """Return the typed value at a path; None where there is none."""
    value = item.get(path[0])
    for part in path[1:]:
        if value is None:
            return None
        if isinstance(part, int):
            several = value.get("L", [])
            value = several[part] if part < len(several) else None
        else:
            value = value.get("M", {}).get(part)
    return value


def put(item: dict[str, Any], path: Path, value: Any) -> None:
    """Set, or remove for None, the value at a path, copying what is on the way to it."""
    if len(path) == 1:
        _assign(item, path[0], value)
        return
    parent = item.get(str(path[0]))
    if parent is None:
        raise invalid("The document path provided in the update expression is invalid for update")
    parent = item[str(path[0])] = dict(parent)
    for part, following in zip(path[1:], [*path[2:], None], strict=True):
        kind = "L" if isinstance(part, int) else "M"
        if kind not in parent:
            raise invalid("The document path provided in the update expression is invalid for update")
        inner = parent[kind] = list(parent["L"]) if kind == "L" else dict(parent["M"])
        if following is None:
            _assign(inner, part, value)
        else:
            try:
                parent = inner[part] = dict(inner[part])
            except (KeyError, IndexError):
                raise invalid("The document path provided in the update expression is invalid for update") from None


def _assign(container: Any, part: str | int, value: Any) -> None:
    if value is not None:
        container[part] = value
    elif isinstance(container, dict):
        container.pop(part, None)
    else:
        del container[part]


def added(old: Any, value: Any) -> Any:
    [(kind, more)] = value.items()
    if old is None:
        return value
    if kind not in old or kind not in ("N", "SS", "NS"):
        raise invalid("An operand in the update expression has an incorrect data type")
    return {kind: str(Decimal(old["N"]) + Decimal(more))} if kind == "N" else {kind: sorted({*old[kind], *more})}


def deleted(old: Any, value: Any) -> Any:
    if old is None:
        return None
    [(kind, less)] = value.items()
    if kind not in old:
        raise invalid("An operand in the update expression has an incorrect data type")
    left = [each for each in old[kind] if each not in less]
    return {kind: left} if left else None


def compare(operator: str, one: Any, other: Any) -> bool:
    if one is None or other is None:
        return operator == "<>" and one is not other
    [(kind, left)], [(other_kind, right)] = one.items(), other.items()
    if kind != other_kind:
        return operator == "<>"
    if kind == "N":
        left, right = Decimal(left), Decimal(right)
    elif kind in ("NS", "SS"):
        left, right = set(left), set(right)
    return COMPARED[operator](left, right)


def contains(whole: Any, part: Any) -> bool:
    if whole is None:
        return False
    [(kind, inside)], [(part_kind, wanted)] = whole.items(), part.items()
    if kind == "S":
        return part_kind == "S" and wanted in inside
    if kind == "L":
        return part in inside
    return kind == part_kind + "S" and wanted in inside


def size(value: Any) -> Any:
    return None if value is None else {"N": str(len(next(iter(value.values()))))}


FUNCTIONS: dict[str, Callable[..., bool]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "begins_with": lambda value, start: value is not None and str(value.get("S", "")).startswith(start["S"]),
    "contains": contains,
}
