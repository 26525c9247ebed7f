from __future__ import annotations

import ast
import importlib
import pkgutil
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import subiteya
from subiteya.domain.errors import NotFound, SubiteyaError, WrongState, every_error
from subiteya.http import locale as locale_package
from subiteya.http import problems
from subiteya.http.locale import button_of, language_of, negotiate, sentence, sentence_of, translate
from subiteya.http.pages import home

HERE = Path(locale_package.__file__).parent
TEMPLATES = HERE.parent / "templates"
NO_SERVER = {"subiteya.db.migrations.env", "subiteya.cli.__main__"}


def spanish() -> Catalog:
    with (HERE / "es" / "LC_MESSAGES" / "subiteya.po").open("rb") as file:
        return read_po(file, locale="es")


def all_errors() -> list[type[SubiteyaError]]:
    """Of every module, wherever a class is defined."""
    for module in pkgutil.walk_packages(subiteya.__path__, "subiteya."):
        if not module.name.startswith("subiteya.db.migrations") and module.name not in NO_SERVER:
            importlib.import_module(module.name)
    return [error for error in every_error() if error.__module__.startswith("subiteya.")]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_error_has_a_spanish_sentence_with_the_same_values() -> None:
    catalog = spanish()
    for error in all_errors():
        message = catalog.get(error.message)
        assert message is not None, f"{error.__name__}: «{error.message}» is not in the catalogue"
        assert message.string, error.__name__
        assert placeholders(str(message.string)) == placeholders(error.message), error.__name__


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in all_errors()]
    assert sorted(codes) == sorted(set(codes))


def test_every_string_of_the_pages_is_translated() -> None:
    catalog = spanish()
    found = extract_from_dir(str(TEMPLATES), method_map=[("**.html", "jinja2")])
    strings = {str(message) for _, _, message, _, _ in found}
    assert "Your videos" in strings
    for words in (home.GROUP_WORDS, home.STATUS_WORDS, home.SCRIPT_WORDS):
        strings |= set(words.values())
    strings |= set(problems._REASONS.values())
    missing = {text for text in strings if not (entry := catalog.get(text)) or not entry.string}
    assert missing == set()


def test_the_catalogue_is_whole_and_holds_nothing_doubtful() -> None:
    for message in spanish():
        assert message.id == "" or message.string, message.id
        assert not message.fuzzy, message.id
        if message.id:
            assert placeholders(str(message.string)) == placeholders(str(message.id))


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("en;q=0.2, es;q=0.7", "es"),
        ("fr-FR, en;q=0.1", "en"),
        ("de, fr", "es"),
        ("*", "es"),
        ("en;q=0", "es"),
        ("en;q=much", "es"),
        ("\x00;;;,,,", "es"),
    ],
)
def test_the_browsers_first_language_that_we_speak_is_taken(header: str, language: str) -> None:
    assert negotiate(header) == language


@pytest.mark.parametrize(
    ("locale", "language"),
    [("es_MX", "es"), ("en-GB", "en"), ("en", "en"), ("fr", "es"), ("", "es"), ("?", "es")],
)
def test_a_users_locale_leads_to_a_language(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_words_inside_a_sentence_are_translated_too() -> None:
    error = WrongState(what="video", state="EDITING")
    assert sentence(error, "es") == "Ahora no se puede hacer esto (video: en edición)."
    assert sentence(error, "en") == "This cannot be done while the video is EDITING."


def test_a_stored_error_is_told_from_its_code_and_values() -> None:
    assert sentence_of("not_found", {"what": "account"}, "es") == "No encontramos eso: cuenta."
    assert sentence_of("not_found", {"what": "account"}, "en") == sentence(NotFound(what="account"), "en")
    assert button_of("tiktok_token_rejected") == "reconnect"


def test_a_code_or_a_value_that_is_missing_still_makes_a_sentence() -> None:
    assert sentence_of("from_the_future", None, "en") == SubiteyaError.message
    assert sentence_of("bad_image", None, "en") == "The image cannot be used: …"


def test_a_value_with_braces_is_text_and_no_template() -> None:
    assert translate("{what}: {why}", "en", {"what": "{why}", "why": "{what!r}"}) == "{why}: {what!r}"


def fixed_reasons() -> set[str]:
    """Every reason that our code gives in fixed words, in the parts that people meet."""
    found: set[str] = set()
    for part in ("domain", "http", "media", "pipeline", "services", "storage", "tiktok"):
        for path in (Path(subiteya.__file__).parent / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.keyword)
                    and node.arg == "why"
                    and isinstance(node.value, ast.Constant)
                ):
                    found.add(str(node.value.value))
    return found


# What only an operator meets, in settings and on the terminal: English, like the settings' names.
OPERATORS = {
    "an address like https://clips.example.org is expected",
    "an address like https://s3.example.org is expected",
    "holds a key twice",
    "no FFmpeg was found; install one",
    "no answer within 5 s",
    "one of them is set and the other is not",
}


def test_every_fixed_reason_has_a_spanish_word_for_it() -> None:
    catalog = spanish()
    assert {reason for reason in fixed_reasons() - OPERATORS if not catalog.get(reason)} == set()
