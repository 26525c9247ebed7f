"""The queue dashboard's page: bull-board's scripts and style in a page of ours; nothing from elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from subiteya.domain.errors import Unavailable
from subiteya.domain.roles import role_of
from subiteya.http.admin.who import Viewer
from subiteya.http.headers import content_policy
from subiteya.http.pages.assets import FOLDER
from subiteya.http.pages.render import page
from subiteya.http.problems import language_for

router = APIRouter(include_in_schema=False)

BASE: Final = "/admin/queues/"
FILES: Final = FOLDER / "bull-board"
_LOCALES: Final = {"es": "es-ES", "en": "en-US"}
_POLL_SECONDS: Final = 5
_READ_ONLY: Final = {"es": "solo lectura", "en": "read only"}


class DashboardMissing(Unavailable):
    """The dashboard's files were not installed; they come from npm and are not in the source tree."""

    code = "dashboard_missing"
    retryable = False
    message = "The queue dashboard is not installed here. Run `make assets`, then load this page again."


@dataclass(frozen=True, slots=True)
class Files:
    """What the page begins with, below `static/`."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]


@router.get("/admin/queues")
@router.get("/admin/queues/")
@router.get("/admin/queues/job-schedulers")
@router.get("/admin/queues/queue/{queue}")
@router.get("/admin/queues/queue/{queue}/{job_id}")
async def dashboard(request: Request, user: Viewer) -> Response:
    """Show the queues to those who run the service: counts, jobs, workers; buttons for who may act."""
    request.state.locale = user.locale
    files = installed()
    if files is None:
        raise DashboardMissing
    answer = page(
        request,
        "dashboard.html",
        base=BASE,
        files=files,
        config=_config(language_for(request), acts=role_of(user.role).operates_queues),
    )
    settings = request.app.state.settings
    answer.headers["Content-Security-Policy"] = content_policy(settings.storage, dashboard=True)
    return answer


def installed() -> Files | None:
    """What `make assets` has brought; None before that."""
    listed = FILES / "board.json"
    return _files(listed.read_text(encoding="utf-8")) if listed.is_file() else None


@cache
def _files(text: str) -> Files:
    listed = json.loads(text)
    return Files(tuple(listed["scripts"]), tuple(listed["styles"]))


def _config(language: str, *, acts: bool) -> dict[str, Any]:
    """bull-board's own `uiConfig`."""
    environment = {} if acts else {"environment": {"label": _READ_ONLY[language], "color": "#8b96a5"}}
    return {
        "boardTitle": "SubiteYa",
        "boardLogo": {"path": "/static/icon.svg", "width": 28, "height": 28},
        "favIcon": {"default": "/static/icon.svg", "alternative": "/static/icon.svg"},
        "miscLinks": [{"text": "SubiteYa", "url": "/"}],
        "hideDocsLink": True,
        "locale": {"lng": _LOCALES[language]},
        "pollingInterval": {"showSetting": False, "forceInterval": _POLL_SECONDS},
        "showMetrics": True,
        "hasHistoryProvider": False,
        **environment,
    }
