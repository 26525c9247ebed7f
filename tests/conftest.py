from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the code.
for name in ("untimed", "long"):
    settings.register_profile(name, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = [
    "fixtures.engines",
    "fixtures.rows",
    "fixtures.nursery",
    "fixtures.processes",
    "fixtures.clips",
    "fixtures.speech",
    "fixtures.whisper_model",
    "fixtures.browser",
    "fixtures.world",
]
