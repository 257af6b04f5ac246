"""Read the body of a request, up to a bound."""

from starlette.requests import Request


class TooLarge(Exception):  # noqa: N818 - a state of the request
    """A body is larger than it may be."""


async def read_body(request: Request, most: int) -> bytes:
    """Return the request's body. Raises TooLarge without reading on, above `most` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge
    return bytes(body)
