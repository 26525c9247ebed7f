"""Metrics for Prometheus. A process makes its own registry and hands it down: nothing global, nothing shared.

Labels have few values (routes, not paths; no ids), so that a busy service stays cheap to watch.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def new_registry() -> CollectorRegistry:
    """A registry that already tells of the process itself: memory, CPU, open files."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def metrics_text(registry: CollectorRegistry) -> bytes:
    """All metrics in Prometheus's text format."""
    return generate_latest(registry)


class HttpMetrics:
    """What the api process counts.

    Attributes:
        requests: Answers, by method, route and status.
        seconds: Time until the answer was sent, by method and route; not of streams.
        streams: Event streams open right now.
        frames: Row snapshots pushed to streams.
        collapsed: Row snapshots that a slow stream skipped because a newer one had come.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "subiteya_http_requests",
            "Answers sent, by method, route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "subiteya_http_seconds",
            "Seconds from request to answer, by method and route.",
            ("method", "route"),
            registry=registry,
            buckets=_SECONDS,
        )
        self.streams = Gauge("subiteya_sse_streams", "Event streams open now.", registry=registry)
        self.frames = Counter(
            "subiteya_sse_frames", "Row snapshots handed to event streams.", registry=registry
        )
        self.collapsed = Counter(
            "subiteya_sse_collapsed",
            "Row snapshots that a slow stream skipped for a newer one.",
            registry=registry,
        )
