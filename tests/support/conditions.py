"""Work out what CloudFormation makes of a template with some parameters: its resources, and the sides of `Fn::If`."""

from collections.abc import Mapping
from typing import Any

NOTHING = {"Ref": "AWS::NoValue"}


class Deployment:
    """A template with the parameters of one deployment; the others have their defaults."""

    def __init__(self, document: dict[str, Any], parameters: Mapping[str, str]) -> None:
        self._document = document
        defaults = {name: each["Default"] for name, each in document["Parameters"].items() if "Default" in each}
        self.parameters = defaults | dict(parameters)

    def resources(self) -> set[str]:
        """Logical ids of the resources that there are."""
        conditions = {name: each.get("Condition") for name, each in self._document["Resources"].items()}
        return {name for name, each in conditions.items() if each is None or self._holds({"Condition": each})}

    def properties(self, logical_id: str) -> Any:
        """Properties of a resource, as CloudFormation gets them."""
        return self.chosen(self._document["Resources"][logical_id]["Properties"])

    def chosen(self, value: Any) -> Any:
        """The same value with the right side of every `Fn::If`, and without what is `AWS::NoValue`."""
        match value:
            case {"Fn::If": [str(condition), yes, no]}:
                return self.chosen(yes if self._holds({"Condition": condition}) else no)
            case dict():
                parts = {name: self.chosen(part) for name, part in value.items()}
                return parts if parts == NOTHING else {name: part for name, part in parts.items() if part != NOTHING}
            case list():
                return [part for part in map(self.chosen, value) if part != NOTHING]
            case _:
                return value

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": name}:
                return self._holds(self._document["Conditions"][name])
            case {"Fn::Equals": [one, other]}:
                return bool(self._value(one) == self._value(other))
            case {"Fn::Not": [one]}:
                return not self._holds(one)
            case {"Fn::And": every}:
                return all(map(self._holds, every))
            case {"Fn::Or": some}:
                return any(map(self._holds, some))
            case _:
                raise ValueError(f"no known condition: {condition}")

    def _value(self, value: Any) -> Any:
        return str(self.parameters[value["Ref"]]) if isinstance(value, dict) else value
