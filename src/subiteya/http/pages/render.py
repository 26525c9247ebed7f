"""Pages from templates, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from subiteya.http.locale import translations
from subiteya.http.problems import language_for

_TEMPLATES: Final = Path(__file__).parents[1] / "templates"


def page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page in the language of whoever asks.

    Args:
        request: Who asks.
        template: File below `http/templates/`.
        status: HTTP status.
        values: What the template shows.
    """
    language = language_for(request)
    html = environment(language).get_template(template).render(language=language, **values)
    headers = {"Content-Language": language, "Vary": "Accept-Language, Cookie", "X-Robots-Tag": "noindex"}
    return HTMLResponse(html, status, headers)


def problem_page(request: Request, problem: Mapping[str, Any]) -> HTMLResponse:
    """An error for somebody who looks at it in a browser."""
    return page(request, "problem.html", problem["status"], problem=problem)


@cache
def environment(language: str) -> Environment:
    """The templates with one language's catalogue."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # by the extension
    made.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False
    }  # by default it sorts; our order means something
    return made
