"""What is the same for everybody: the form, the wall with its QR code, and their files."""

from io import BytesIO

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from frontend import forms
from web import responses, templating
from web.requests import Request


def screens(public_url: str) -> APIGatewayRouter:
    """Their routes. ``public_url`` is where phones find the form; empty: at this stage.

    It is never taken from a header: through a poisoned cache the wall would send a whole hall somewhere else.
    """
    router = APIGatewayRouter()  # type: ignore[no-untyped-call]

    def url() -> str:
        return public_url or Request(router.current_event).base_url

    @router.get("/")
    def form() -> Response[str]:
        return forms.form(Request(router.current_event))

    @router.get("/wall")
    def wall() -> Response[str]:
        html = templating.render("wall.html", Request(router.current_event).language, public_url=url())
        return responses.page(html, max_age=60)

    @router.get("/qr.svg")
    def qr_code() -> Response[str]:
        import segno  # noqa: PLC0415  the JSON path starts without it

        svg = BytesIO()
        segno.make(url(), error="m").save(svg, kind="svg", border=4, light="#fff", xmldecl=False)
        return responses.static(svg.getvalue().decode(), "image/svg+xml", "public, max-age=300")

    @router.get("/assets/<file>")
    def asset(file: str) -> Response[str]:
        return responses.asset(templating.asset(file))

    return router
