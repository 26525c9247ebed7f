from __future__ import annotations

pytest_plugins = [
    "fixtures.engines",
    "fixtures.rows",
    "fixtures.processes",
    "fixtures.clips",
    "fixtures.browser",
    "fixtures.world",
]
