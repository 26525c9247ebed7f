"""What the hand-written pages point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from subiteya.config import SECTIONS, Settings

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
TEMPLATE = ROOT / ".env.production.example"
SEED = frozenset(
    {
        "REDIS_URL",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "S3_BUCKET_NAME",
        "DATABASE_URL",
        "EDIT_WORKER_CONCURRENCY",
        "UPLOAD_WORKER_CONCURRENCY",
        "S3_ENDPOINT",
        "S3_FORCE_PATH_STYLE",
    }
)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
PATH = re.compile(r"`((?:src|tests|docs|scripts|bench|deploy|requirements|\.ci)/[^\s`*<>{}]+)`")


def anchors(path: Path) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_inside_the_repository_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for found in LINK.finditer(without_code(page.read_text(encoding="utf-8"))):
        target, _, anchor = (found[1] or found[2]).partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{name} points to {target}"
        assert not anchor or anchor in anchors(there), f"{name} points to {target}#{anchor}"


@pytest.mark.parametrize("name", NAMES)
def test_every_path_that_a_page_names_exists(name: str) -> None:
    paths = PATH.findall((ROOT / name).read_text(encoding="utf-8"))
    assert {path for path in paths if not (ROOT / path).exists()} == set()


def test_the_page_of_the_seed_names_code_and_tests() -> None:
    text = (ROOT / "docs" / "reference" / "seed.md").read_text(encoding="utf-8")
    paths = PATH.findall(text)
    assert sum(path.startswith("src/") for path in paths) > 50
    assert sum(path.startswith("tests/") for path in paths) > 50


def test_every_page_can_be_reached_from_the_first() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for found in LINK.finditer(page.read_text(encoding="utf-8")):
            there = (page.parent / (found[1] or found[2]).partition("#")[0]).resolve()
            if there.suffix == ".md" and there.exists() and there not in seen:
                waiting.append(there)
    assert set(PAGES) - seen == set()


def template() -> dict[str, str]:
    """Variables of the template with their values, those in comments too."""
    lines = TEMPLATE.read_text(encoding="utf-8").splitlines()
    return dict(
        line.removeprefix("# ").split("=", 1) for line in lines if re.match(r"(# )?[A-Z0-9_]+=", line)
    )


def test_the_template_of_a_deployment_names_every_variable_of_the_seed_and_none_that_nobody_reads() -> None:
    known = {str(field.validation_alias) for section in SECTIONS for field in section.model_fields.values()}
    assert template().keys() >= SEED
    assert template().keys() <= known


def test_the_template_of_a_deployment_is_read_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    for section in SECTIONS:
        for field in section.model_fields.values():
            monkeypatch.delenv(str(field.validation_alias), raising=False)
    for name, value in template().items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.database.url is not None
    assert ":6543/" in settings.database.url.get_secret_value()
    assert settings.queue.url is not None
    assert settings.queue.url.get_secret_value().startswith("rediss://")
    assert settings.storage.access_key_id is not None
    assert settings.storage.secret_access_key is not None
    assert (settings.storage.region, settings.storage.bucket) == ("us-east-1", "subiteya-videos")
    assert (settings.storage.endpoint, settings.storage.force_path_style) == ("http://localhost:9000", True)
    assert (settings.edit.concurrency, settings.upload.concurrency) == (2, 1)
    assert settings.upload.account_window_seconds == 300
    assert (settings.tiktok.mode, settings.http.host) == ("live", "0.0.0.0")  # noqa: S104 - a container's
    assert settings.security.raw_keys
