"""What a person sees of a wish: the form, the form again after an error, and the receipt."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from frontend.submission import MAX_MESSAGE, MAX_NAME, read_form
from web import problems, responses
from web.language import texts
from web.requests import Request
from web.templating import render


def form(request: Request) -> Response[str]:
    """The empty form. The same for everybody who reads the same language, so it can be cached."""
    return responses.page(_form(request.language, {}, None), max_age=60)


def accepted(request: Request, wish_id: str) -> Response[str]:
    """202 with the id, or for a form the way to its receipt."""
    link = f"wishes/{wish_id}"
    if request.is_form:
        return responses.see_other(link + request.chosen_language)
    document = {"wish_id": wish_id, "status": "submitted", "links": {"self": link}}
    return responses.json_document(document, HTTPStatus.ACCEPTED)


def wish(request: Request, wish_id: str, view: dict[str, Any] | None) -> Response[str]:
    """A stored wish or 404, as JSON or as the receipt page."""
    vary = {"Vary": "Accept, Accept-Language"}
    if not request.wants_html:
        if view is None:
            raise problems.not_stored_yet()
        return responses.json_document(view, headers=vary)
    if view is None:
        return travelling(request, wish_id, problems.not_stored_yet())
    return responses.page(render("receipt.html", request.language, root="../", wish=view), headers=vary)


def travelling(request: Request, wish_id: str, found: problems.Problem) -> Response[str]:
    """The receipt of a wish of which nothing can be said yet: a page that asks again by itself."""
    html = render("travelling.html", request.language, root="../", wish_id=wish_id)
    return responses.page(html, found.status, headers={"Vary": "Accept, Accept-Language", **responses.retry(found)})


def problem(request: Request, found: problems.Problem) -> Response[str]:
    """The problem document; to a person a page that says it, or the form they sent again with what they typed."""
    if not request.wants_html:
        return responses.problem(request, found)
    if found.status == HTTPStatus.SERVICE_UNAVAILABLE and (wish_id := request.looks_at):
        return travelling(request, wish_id, found)
    lang = request.language
    words = _in_words(found, texts(lang)["errors"])
    if request.is_form and request.is_post:
        html = _form(lang, _typed(request), words)
    else:
        html = render("problem.html", lang, root=request.root, problem=words)
    return responses.page(html, found.status, headers={"Vary": "Accept, Accept-Language", **responses.retry(found)})


def _form(lang: str, typed: dict[str, Any], problem: dict[str, Any] | None) -> str:
    return render("form.html", lang, typed=typed, problem=problem, max_message=MAX_MESSAGE, max_name=MAX_NAME)


def _in_words(found: problems.Problem, words: dict[str, Any]) -> dict[str, Any]:
    fields = [{"field": each["field"], "text": words["fields"].get(each["code"], "")} for each in found.errors]
    return {"status": int(found.status), "text": words.get(found.kind, words["internal"]), "errors": fields}


def _typed(request: Request) -> dict[str, Any]:
    """What the form held, with its key: the same wish sent again after a 503 must stay the same wish."""
    try:
        fields, key = read_form(request.body)
    except problems.Problem:
        return {}
    return {**fields, "idempotency_key": key or str(request.spare_key)}
