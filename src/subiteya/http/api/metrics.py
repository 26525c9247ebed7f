"""This process's metrics, for Prometheus."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry

from subiteya.http.deps import CurrentUser
from subiteya.observe.metrics import CONTENT_TYPE, metrics_text

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE: {}}}})
async def metrics(request: Request, _user: CurrentUser) -> Response:
    """Read this process's metrics in Prometheus's text format; give Prometheus an API key as bearer token."""
    registry = cast("CollectorRegistry", request.app.state.registry)
    return Response(metrics_text(registry), media_type=CONTENT_TYPE)
