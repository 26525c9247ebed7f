"""Every operation, from the application's own OpenAPI document; no engine is opened for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi.routing import APIRoute
from reference_pages.markdown import code, first_paragraph, page, paragraphs, table

from subiteya.config import Settings
from subiteya.http.app import PAGE_ROUTERS, create_app

_MORE: Final = """
`GET /api/openapi.json` of a running server has all schemas with examples.

*Answers* lists the statuses of an operation itself. Every operation but those for health wants a key or a
session (else 401 or 403), a request that cannot be understood is 422, and each error is a problem document
with a code of [Errors](errors.md).
"""
_EVERYWHERE: Final = frozenset({"default", "401", "403", "422"})


def api_page() -> str:
    """The page."""
    application = create_app(Settings())
    document = application.openapi()
    blocks = [document["info"]["description"], _MORE]
    for tag in application.openapi_tags or ():
        rows = [
            (
                code(f"{method.upper()} {path}"),
                paragraphs(operation.get("description")),
                ", ".join(sorted(operation["responses"].keys() - _EVERYWHERE)),
            )
            for path, method, operation in _operations(document)
            if tag["name"] in operation.get("tags", ())
        ]
        heads = ("Operation", "What it does", "Answers")
        blocks += [f"## {tag['name'].capitalize()}", tag["description"], table(heads, rows)]
    blocks += [
        "## Pages",
        "For browsers, with a session cookie.",
        table(("Address", "What it does"), _pages()),
    ]
    return page("HTTP API", *blocks)


def _operations(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [
        (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def _pages() -> list[tuple[str, str]]:
    routes = [route for router in PAGE_ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [
        (
            code(f"{' '.join(sorted(route.methods or ()))} {route.path}"),
            first_paragraph(route.endpoint.__doc__),
        )
        for route in routes
    ]
