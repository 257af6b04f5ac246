"""Public pages besides the receipt: the form, the wall with its QR code, their files, and the pages of problems."""

from http import HTTPStatus
from io import BytesIO
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from frontend.receipt import travelling_response
from frontend.submission import MAX_MESSAGE, MAX_NAME, read_form
from web import responses
from web.language import texts
from web.problems import Problem
from web.requests import Request
from web.static_files import read_asset
from web.templating import render


def page_routes(public_url: str) -> APIGatewayRouter:
    """Return the routes of pages that are the same for everybody. Phones find the form at ``public_url``.

    An empty ``public_url`` means this stage. It is never taken from a header: a poisoned cache would then send a whole
    audience to another site.
    """
    router = APIGatewayRouter()  # type: ignore[no-untyped-call]

    def form_url() -> str:
        return public_url or Request(router.current_event).base_url

    @router.get("/")
    def get_form() -> Response[str]:
        return responses.page(_form(Request(router.current_event).language, {}, None), max_age=60)

    @router.get("/wall")
    def get_wall() -> Response[str]:
        html = render("wall.html", Request(router.current_event).language, public_url=form_url())
        return responses.page(html, max_age=60)

    @router.get("/qr.svg")
    def get_qr_code() -> Response[str]:
        import segno  # noqa: PLC0415  the JSON path starts without it

        svg = BytesIO()
        segno.make(form_url(), error="m").save(svg, kind="svg", border=4, light="#fff", xmldecl=False)
        return responses.static(svg.getvalue().decode(), "image/svg+xml", "public, max-age=300")

    @router.get("/assets/<file>")
    def get_asset(file: str) -> Response[str]:
        return responses.static(*read_asset(file))

    return router


def problem_response(request: Request, problem: Problem) -> Response[str]:
    """Return the problem document, or for a browser a page: the form again with what was typed, after a POST of it."""
    if not request.wants_html:
        return responses.problem(request, problem)
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE and (wish_id := request.viewed_wish_id):
        return travelling_response(request, wish_id, problem)
    lang = request.language
    explanation = _explanation(problem, texts(lang)["errors"])
    if request.is_form and request.is_post:
        html = _form(lang, _typed_fields(request), explanation)
    else:
        html = render("problem.html", lang, root=request.root, problem=explanation)
    headers = {"Vary": "Accept, Accept-Language", **responses.retry_after(problem)}
    return responses.page(html, problem.status, headers=headers)


def _form(lang: str, typed: dict[str, Any], problem: dict[str, Any] | None) -> str:
    return render("form.html", lang, typed=typed, problem=problem, max_message=MAX_MESSAGE, max_name=MAX_NAME)


def _explanation(problem: Problem, words: dict[str, Any]) -> dict[str, Any]:
    errors = [{"field": error["field"], "text": words["fields"].get(error["code"], "")} for error in problem.errors]
    return {"status": int(problem.status), "text": words.get(problem.kind, words["internal"]), "errors": errors}


def _typed_fields(request: Request) -> dict[str, Any]:
    """Return the form's fields with its key: sent again after a 503, the wish must stay the same wish."""
    try:
        fields, key = read_form(request.body)
    except Problem:
        return {}
    return {**fields, "idempotency_key": key or str(request.fallback_key)}
