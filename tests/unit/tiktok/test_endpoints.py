from __future__ import annotations

import pytest
from pydantic import SecretStr

from subiteya.config import TikTokSettings
from subiteya.tiktok.endpoints import Endpoints, UploadHosts

LIVE = UploadHosts()
SIMULATOR = UploadHosts("http://127.0.0.1:8788")


@pytest.mark.parametrize(
    "url",
    [
        "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=2",
        "https://open-upload-va.tiktokapis.com/upload/?upload_id=1",
        "https://upload.us.tiktokapis.com/video/?upload_id=1",
        "https://OPEN-UPLOAD.TikTokAPIs.com:443/video/",
    ],
)
def test_tiktoks_own_hosts_are_allowed(url: str) -> None:
    assert LIVE.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://open-upload.tiktokapis.com/video/",
        "https://tiktokapis.com/video/",
        "https://eviltiktokapis.com/video/",
        "https://open-upload.tiktokapis.com.evil.example/video/",
        "https://open-upload.tiktokapis.com@evil.example/video/",
        "https://user@open-upload.tiktokapis.com/video/",
        "https://open-upload.tiktokapis.com:8443/video/",
        "https://evil.example/?host=.tiktokapis.com",
        "https://evil.example/#.tiktokapis.com",
        "https://evil.example\\.tiktokapis.com/",
        "http://127.0.0.1:8788/upload/",
        "ftp://open-upload.tiktokapis.com/",
        "file:///etc/passwd",
        "//open-upload.tiktokapis.com/",
        "https://[::1/",
        "",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not LIVE.allows(url)


def test_the_simulators_own_address_is_allowed_in_its_mode_and_no_other() -> None:
    assert SIMULATOR.allows("http://127.0.0.1:8788/video/?upload_id=1")
    assert not SIMULATOR.allows("http://127.0.0.1:8789/video/")
    assert not SIMULATOR.allows("http://localhost:8788/video/")
    assert not SIMULATOR.allows("https://127.0.0.1:8788/video/")
    assert not SIMULATOR.allows("https://open-upload.tiktokapis.com/video/")


def test_a_default_port_may_be_written_or_left_out() -> None:
    assert UploadHosts("https://sim.example:443").allows("https://sim.example/video/")


def test_the_settings_choose_between_tiktok_and_its_simulator() -> None:
    live = Endpoints.of(
        TikTokSettings(TIKTOK_MODE="live", TIKTOK_CLIENT_KEY="k", TIKTOK_CLIENT_SECRET=SecretStr("s"))
    )
    assert live == Endpoints(
        "https://open.tiktokapis.com", "https://www.tiktok.com/v2/auth/authorize/", UploadHosts()
    )
    simulated = Endpoints.of(TikTokSettings(TIKTOK_SIMULATOR_URL="http://127.0.0.1:8788/"))
    assert simulated == Endpoints(
        "http://127.0.0.1:8788", "http://127.0.0.1:8788/v2/auth/authorize/", SIMULATOR
    )
