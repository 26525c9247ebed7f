"""What `/api/openapi.json` says beyond what FastAPI finds by itself."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from subiteya.http.problems import Problem, responses

DESCRIPTION: Final = """\
Brand a clip and post it to TikTok: upload, *confirm*, follow the edit, *queue the upload*, follow the post.

Sign in with `Authorization: Bearer sk_…`. Everything belongs to the user of the key; what is another's is
not found. Each error is a problem document (RFC 9457) with a stable `code` and a sentence for people.
Follow `GET /api/events` instead of polling.
"""

TAGS: Final[list[dict[str, str]]] = [
    {"name": "videos", "description": "From a clip to a post."},
    {"name": "posts", "description": "One video to one account: planned, changed, called off, tried again."},
    {"name": "uploads", "description": "Direct uploads to the storage, whole or in parts, resumable."},
    {"name": "patterns", "description": "Brand patterns: logo, subtitles, effects."},
    {"name": "assets", "description": "Files for patterns: logos, backgrounds, colour tables, music, clips."},
    {"name": "accounts", "description": "Connected TikTok accounts."},
    {"name": "me", "description": "What is mine, grouped by state."},
    {"name": "events", "description": "Live changes, as server-sent events."},
    {"name": "webhooks", "description": "What TikTok tells by itself."},
    {
        "name": "queue dashboard",
        "description": "What `/admin/queues` asks for, in the shape of bull-board's own API, and the log of "
        "what was done there. For owner, admins and viewers; only the first two may act.",
    },
    {"name": "costs", "description": "What is used of services that bill. For owner, admins and viewers."},
    {"name": "health", "description": "Whether it lives, and whether everything it needs answers."},
]


def install(app: FastAPI) -> None:
    """Describe errors as they really are: problem documents everywhere, in place of FastAPI's own 422."""

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema


def _describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        tags=app.openapi_tags,
        routes=app.routes,
    )
    problem = {str(status): content for status, content in responses(401, 403, 422, 500).items()}
    for path in document.get("paths", {}).values():
        for operation in path.values():
            answers = operation["responses"]
            if "422" in answers:
                answers["422"] = problem["422"]
            if operation.get("security"):
                answers.setdefault("401", problem["401"])
                answers.setdefault("403", problem["403"])
            answers.setdefault("default", {**problem["500"], "description": "Any other error"})
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= described.pop("$defs", {})
    schemas["Problem"] = described
    return document
