"""Write the HTTP contract as OpenAPI 3.1, into docs/openapi.yaml: `python -m contract.openapi`."""

import json
from collections import defaultdict
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from contract.bodies import BareProblem, Problem
from contract.operations import HTML, JSON, OPERATIONS, Operation
from lastwish.local.template import resources
from web import problems

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "openapi.yaml"

PROBLEM = "application/problem+json"
_HEADER = "# Written by `make openapi` from contract/, src/ and template.yaml. docs/http.md explains it.\n"
_INFO = {
    "title": "Last Wish",
    "version": "1",
    "description": "Paths are relative to the base URL of a stage. Browsers get errors of the frontend as pages, here "
    "text/html. API Gateway may report other errors 4xx by itself, with the type about:blank.",
}
_SECURITY = {"operator": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
# Besides what an operation refuses: our fault, and what does not answer.
_ANYWHERE = (problems.internal(), problems.unavailable())

type Json = dict[str, Any]


class _Schemas(GenerateJsonSchema):
    """JSON schemas without the titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class Document:
    """Builds the document. Types with names become components."""

    def __init__(self, template: Path = ROOT / "template.yaml") -> None:
        self._resources = resources(template)
        (api,) = (each["Properties"] for each in self._resources.values() if each["Type"] == "AWS::Serverless::Api")
        self._gateway: Json = api["GatewayResponses"]
        self._schemas: dict[str, Json] = {}
        self._responses: dict[str, Json] = {}

    def build(self) -> Json:
        """Return the document. Raises KeyError for a route without an operation."""
        paths: defaultdict[str, Json] = defaultdict(dict)
        for function, resource in self._resources.items():
            for name, event in resource["Properties"].get("Events", {}).items():
                route = event["Properties"]
                if event["Type"] != "Api" or route["Path"].endswith("+}"):  # every other path is no operation
                    continue
                is_page = function == "FrontendFunction"
                operation = self._operation(name, OPERATIONS[name], "Auth" in route, is_page)
                paths[route["Path"]][route["Method"].lower()] = operation
        components = {
            "responses": dict(sorted(self._responses.items())),
            "schemas": dict(sorted(self._schemas.items())),
            "securitySchemes": _SECURITY,
        }
        return {"openapi": "3.1.0", "info": _INFO, "paths": dict(sorted(paths.items())), "components": components}

    def _operation(self, name: str, operation: Operation, for_operators: bool, is_page: bool) -> Json:
        answers = {status: self._answer(status, content) for status, content in operation.answers.items()}
        if name == "Submit":
            parameters = {"wish_id": "$response.body#/wish_id"}
            links = {each: {"operationId": each, "parameters": parameters} for each in ("Receipt", "TraceOfAWish")}
            answers[HTTPStatus.ACCEPTED]["links"] = links
        found: Json = {"operationId": name, "summary": operation.summary}
        if for_operators:
            found["security"] = [{"operator": []}]
        if operation.parameters:
            found["parameters"] = [self._parameter(*where, of) for where, of in operation.parameters.items()]
        if operation.body:
            found["requestBody"] = {"required": True, "content": self._content(operation.body)}
        refused = self._refusals(operation, for_operators, is_page)
        responses = {int(status): answer for status, answer in (answers | refused).items()}
        found["responses"] = {str(status): responses[status] for status in sorted(responses)}
        failed = {"description": "A function failed", "content": self._content({PROBLEM: BareProblem})}
        found["responses"]["5XX"] = self._response("5XX-about-blank", failed)
        return found

    def _refusals(self, operation: Operation, for_operators: bool, is_page: bool) -> dict[int, Json]:
        """Return the problems by status: those of the operation, of every one, and API Gateway's own."""
        types: defaultdict[int, set[str]] = defaultdict(set)
        ours = [*operation.refusals, *_ANYWHERE, *([problems.forbidden()] if for_operators else [])]
        for problem in ours:
            types[int(problem.status)].add(json.loads(problem.body())["type"])
        gateways = [
            "THROTTLED",
            *(["UNAUTHORIZED"] if for_operators else []),
            *(["REQUEST_TOO_LARGE"] if operation.body else []),
        ]
        for kind in gateways:
            body = json.loads(self._gateway[kind]["ResponseTemplates"][JSON])
            types[body["status"]].add(body["type"])
        pages = {int(problem.status) for problem in ours} if is_page else set()
        return {status: self._refusal(status, sorted(of), status in pages) for status, of in types.items()}

    def _refusal(self, status: int, types: list[str], is_page: bool) -> Json:
        """Return a reference to the response with a problem of one of these types."""
        name = "-".join([str(status), *(each.rpartition(":")[2] for each in types), *(["page"] if is_page else [])])
        response = self._answer(HTTPStatus(status), {PROBLEM: Problem} | ({HTML: None} if is_page else {}))
        response["content"][PROBLEM]["schema"]["properties"] = {"type": {"enum": types}, "status": {"const": status}}
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            response["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
        return self._response(name, response)

    def _response(self, name: str, response: Json) -> Json:
        self._responses[name] = response
        return {"$ref": f"#/components/responses/{name}"}

    def _answer(self, status: HTTPStatus, content: Json) -> Json:
        answer: Json = {"description": status.phrase}
        if status == HTTPStatus.SEE_OTHER:
            answer["headers"] = {"Location": {"required": True, "schema": {"type": "string"}}}
        return answer | ({"content": self._content(content)} if content else {})

    def _content(self, content: Json) -> Json:
        return {media: {"schema": self._schema(of) if of else {"type": "string"}} for media, of in content.items()}

    def _parameter(self, where: str, name: str, of: Any) -> Json:
        return {"name": name, "in": where, "required": where == "path", "schema": self._schema(of)}

    def _schema(self, of: Any) -> Json:
        """Return the schema of a type, a reference if it has a name."""
        template = "#/components/schemas/{model}"
        schema = TypeAdapter(of).json_schema(schema_generator=_Schemas, ref_template=template)
        self._schemas |= schema.pop("$defs", {})
        if "properties" not in schema:
            return schema
        self._schemas[of.__name__] = schema
        return {"$ref": template.format(model=of.__name__)}


def text() -> str:
    """Return the document as YAML."""
    return _HEADER + yaml.safe_dump(Document().build(), sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    DOCUMENT.write_text(text())
