"""Every metric of ours."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry
from reference_pages.markdown import code, page, table

from subiteya.observe import metrics

_INTRODUCTION: Final = """
`GET /api/metrics` gives the metrics of the api process in Prometheus's text format; it wants an API key as
bearer token. Labels have few values: routes, methods and statuses, never ids.
"""
_STANDARD: Final = """
Besides these come the standard ones of the client library: `process_*` (memory, CPU, open files),
`python_info` and `python_gc_*`.
"""


def metrics_page() -> str:
    """The page."""
    rows = [
        (
            code(f"{family.name}_total" if family.type == "counter" else family.name),
            family.type,
            family.documentation,
        )
        for family in _registry_of_all().collect()
    ]
    return page(
        "Metrics", _INTRODUCTION, table(("Metric", "Kind", "What it counts"), sorted(rows)), _STANDARD
    )


def _registry_of_all() -> CollectorRegistry:
    """A registry with what every class `…Metrics` registers."""
    registry = CollectorRegistry()
    for name, kind in vars(metrics).items():
        if isinstance(kind, type) and name.endswith("Metrics") and kind.__module__ == metrics.__name__:
            kind(registry)
    return registry
