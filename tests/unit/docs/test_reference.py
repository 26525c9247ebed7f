"""The generated pages say what the code says, and leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import reference
from reference_pages import error_pages
from reference_pages.cli import commands
from reference_pages.enums import meaning_of
from reference_pages.errors import our_errors

from subiteya.domain.states import JobStatus
from subiteya.http.app import API_ROUTERS
from subiteya.tiktok.error_table import ROWS
from subiteya.tiktok.simulator.config import CreatorSpec, Switches
from subiteya.tiktok.simulator.faults import Action, Endpoint, FaultSpec

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "subiteya"


def page(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


def literals(pattern: str, *files: Path) -> set[str]:
    """What a pattern's group catches in the source, read as text: no help of the generator's."""
    return {
        word for file in files for word in re.findall(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_a_generated_page_is_what_the_code_says_now(name: str) -> None:
    assert page(name) == reference.text_of(name), "run `make docs` and commit docs/reference"


def test_no_variable_of_the_environment_shows_in_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = reference.text_of("settings.md")
    monkeypatch.setenv("EDIT_WORKER_CONCURRENCY", "7")
    monkeypatch.setenv("S3_BUCKET_NAME", "mine-and-nobody-elses")
    monkeypatch.setenv("LANG", "es_CO.UTF-8")

    assert reference.text_of("settings.md") == before
    assert "mine-and-nobody-elses" not in reference.text_of("api.md")


def test_every_setting_is_in_the_reference() -> None:
    names = literals(r'validation_alias="([A-Z0-9_]+)"', *SOURCE.glob("config/*.py"))
    assert len(names) > 30
    assert {name for name in names if f"| `{name}` |" not in page("settings.md")} == set()


def test_every_metric_is_in_the_reference() -> None:
    names = literals(r'"(subiteya_[a-z_]+)"', *SOURCE.glob("observe/*.py"))
    assert names
    assert {name for name in names if f"`{name}" not in page("metrics.md")} == set()


def test_every_error_code_is_in_the_reference() -> None:
    codes = literals(r'^    code(?:: ClassVar\[str\])? = "([a-z_]+)"', *SOURCE.rglob("*.py"))
    assert {error.code for error in our_errors()} >= codes
    assert {code for code in codes if f"| `{code}` |" not in page("errors.md")} == set()


def test_every_refusal_of_tiktok_is_in_the_reference_in_both_languages() -> None:
    text = page("errors.md")
    assert {row.code for row in ROWS if f"| `{row.code}` |" not in text} == set()
    assert {row.code for row in ROWS if row.es not in text or row.en not in text} == set()


def test_every_error_has_a_page_of_its_own_that_is_what_the_code_says_now() -> None:
    there = {path.name for path in (ROOT / "docs" / "errors").glob("*.md")}
    codes = literals(r'^    code(?:: ClassVar\[str\])? = "([a-z_]+)"', *SOURCE.rglob("*.py"))
    assert there == {"README.md"} | {f"{code}.md" for code in codes} | {
        f"{row.error_code}.md" for row in ROWS
    }
    pages = {path: text for path, text in reference.texts().items() if path.parent.name == "errors"}
    assert {path.name for path in pages} == there
    stale = {str(path) for path, text in pages.items() if (ROOT / "docs" / path).read_text("utf-8") != text}
    assert stale == set(), "run `make docs` and commit docs/errors"


def test_notes_that_no_error_needs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = {**error_pages.notes_of_ours(), "no_such_error": {"cause": "", "you": ""}}
    monkeypatch.setattr(error_pages, "notes_of_ours", lambda: notes)
    with pytest.raises(LookupError, match="no_such_error"):
        error_pages.error_pages()


def test_every_command_and_option_is_in_the_reference() -> None:
    text = page("cli.md")
    for words, command in commands():
        section = text.partition(f"## `{words}`\n")[2].partition("\n## ")[0]
        assert section, words
        assert {
            option.opts[0] for option in command.params if option.opts[0].lower() not in section.lower()
        } == set()


def test_every_route_is_in_the_reference() -> None:
    text = page("api.md")
    for router in API_ROUTERS:
        for route in router.routes:
            assert f" /api{route.path}`" in text  # type: ignore[attr-defined]  # these routers hold routes with a path


def test_everything_that_can_be_set_at_the_simulator_is_described() -> None:
    text = page("simulator.md")
    fields = {name for model in (Switches, CreatorSpec, FaultSpec) for name in model.model_fields}
    words = {word.value for kind in (Action, Endpoint) for word in kind}
    assert {word for word in fields | words if f"`{word}`" not in text} == set()


def test_a_word_without_a_sentence_is_not_passed_over() -> None:
    assert meaning_of(JobStatus.DONE) == "Finished."
    undocumented = type(Endpoint.TOKEN)
    with pytest.raises(LookupError):
        meaning_of(undocumented.TOKEN)
