"""Names and texts in SQL, where an engine binds none."""


def quoted(name: str) -> str:
    """Return a name as an SQL identifier: nothing in it is ever read as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """Return a constant as an SQL text."""
    return "'" + (text or "").replace("'", "''") + "'"
