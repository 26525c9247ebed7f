from __future__ import annotations

from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("patient", deadline=None)
settings.register_profile("long", deadline=None)
settings.load_profile("patient")

pytest_plugins = [
    "fixtures.engines",
    "fixtures.rows",
    "fixtures.processes",
    "fixtures.clips",
    "fixtures.speech",
    "fixtures.whisper_model",
    "fixtures.browser",
    "fixtures.world",
]
