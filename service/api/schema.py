"""The description of the doors for programs, at /schema: complete, and readable without the internet."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from html import escape
from typing import Any

import msgspec
from litestar import Request, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

from domain.stories import COMMANDS
from service.problems import PROBLEM_JSON, Problem

VERSION = "1"


def openapi() -> OpenAPIConfig:
    """No script and no style from elsewhere: the page is plain HTML made here."""
    return OpenAPIConfig(
        title="Dampingi",
        version=VERSION,
        description="Sign in first (POST /sign-in). Every error is an RFC 9457 problem with a stable code.",
        openapi_router=Router(path="/schema", route_handlers=[], opt={"open": True}),
        render_plugins=[Plain(path="/"), Described(path="/openapi.json")],
    )


class Described(JsonRenderPlugin):
    """The schema as JSON, with what litestar leaves out."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return self.render_json(request, mended(openapi_schema))


class Plain(OpenAPIRenderPlugin):
    """The doors as a page to read."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        schema = mended(openapi_schema)
        rows = "".join(_row(*operation) for operation in _operations(schema))
        return _PAGE.format(rows=rows, components=_components(schema)).encode()


def mended(schema: dict[str, Any]) -> dict[str, Any]:
    """Structs that forbid unknown fields say so, POST /entries says what it takes, and every failure is a problem."""
    whole = deepcopy(schema)
    components = whole.setdefault("components", {}).setdefault("schemas", {})
    (problem, *commands), described = msgspec.json.schema_components(
        [Problem, *COMMANDS], ref_template="#/components/schemas/{name}"
    )
    components.update(described)
    for component in components.values():
        if component.get("title") in _CLOSED:
            component["additionalProperties"] = False
    _describe_entries(whole, commands)
    for _, _, operation in _operations(whole):
        _describe_failures(operation, problem)
    return whole


_CLOSED = frozenset({"SignIn", "Change"})
"""Bodies that litestar describes."""


def _describe_entries(schema: dict[str, Any], commands: list[dict[str, Any]]) -> None:
    entry = {
        "title": "Entry",
        "type": "object",
        "required": ["entry", "case", "command"],
        "additionalProperties": False,
        "properties": {
            "entry": {"type": "string", "format": "uuid", "description": "UUIDv7 made by whoever sends"},
            "case": {"type": "string", "format": "uuid"},
            "expects": {"type": "integer", "description": "the version of the case that was seen"},
            "command": {"oneOf": commands, "description": "`do` says which"},
        },
    }
    schema["components"]["schemas"]["Entry"] = entry
    schema["paths"]["/entries"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Entry"}}}},
    }


def _describe_failures(operation: dict[str, Any], problem: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    for status in [status for status in responses if status[0] in "45"]:
        del responses[status]
    responses["4XX"] = {"description": "A problem", "content": {PROBLEM_JSON: {"schema": problem}}}
    responses["5XX"] = {"description": "Not your fault", "content": {PROBLEM_JSON: {"schema": problem}}}


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method in ("get", "post", "put", "delete"):
            if method in item:
                yield path, method, item[method]


def _row(path: str, method: str, operation: dict[str, Any]) -> str:
    asked = ", ".join(p["name"] for p in operation.get("parameters", ()))
    said = escape(operation.get("description") or operation.get("summary", ""))
    door = f"<code>{method.upper()} {escape(path)}</code>"
    return f"<tr><th scope='row'>{door}</th><td>{said}</td><td>{escape(asked)}</td></tr>"


def _components(schema: dict[str, Any]) -> str:
    parts = []
    for name, component in sorted(schema["components"]["schemas"].items()):
        text = escape(msgspec.json.format(msgspec.json.encode(component), indent=2).decode())
        parts.append(f"<details id='{escape(name)}'><summary>{escape(name)}</summary><pre>{text}</pre></details>")
    return "".join(parts)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dampingi: doors for programs</title><link rel="stylesheet" href="/aset/pico.min.css"></head>
<body><main class="container"><h1>Doors for programs</h1>
<p>The same as OpenAPI 3.1: <a href="/schema/openapi.json">openapi.json</a></p>
<table><thead><tr><th>Door</th><th>What for</th><th>Asked with</th></tr></thead><tbody>{rows}</tbody></table>
<h2>Shapes</h2>{components}</main></body></html>"""
