"""Sentences for people, in Spanish and English, for the api, the pages and the command line.

Source strings are English; `es/LC_MESSAGES/subiteya.po` is written by hand, in neutral Latin American Spanish
and the tú-form. Catalogues are read from their `.po` files when first asked for: no compile step.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from subiteya.domain.errors import SubiteyaError, every_error
from subiteya.tiktok.error_row import ERROR_PREFIX
from subiteya.tiktok.error_table import row_of

DEFAULT_LANGUAGE: Final = "es"
LANGUAGES: Final = ("es", "en")
_HERE: Final = Path(__file__).parent


@cache
def translations(language: str) -> Translations:
    """The catalogue of a language; the default language's when we do not have it."""
    known = language if language in LANGUAGES else DEFAULT_LANGUAGE
    with (_HERE / known / "LC_MESSAGES" / "subiteya.po").open("rb") as file:
        catalog = read_po(file, locale=known, domain="subiteya")
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled, domain="subiteya")


def negotiate(accept_language: str) -> str:
    """The language that a browser's Accept-Language header likes best, of those that we speak."""
    liked: list[tuple[float, str]] = []
    for entry in accept_language.split(","):
        tag, _, parameters = entry.strip().partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if weight > 0 and tag.replace("-", "").isalnum():
            liked.append((-weight, tag))
    tags = [tag for _, tag in sorted(liked, key=lambda pair: pair[0])]
    return negotiate_locale(tags, LANGUAGES, sep="-") or DEFAULT_LANGUAGE


def language_of(locale: str) -> str:
    """The language to use for a user's locale such as `es_MX`."""
    try:
        language = Locale.parse(locale, sep="-" if "-" in locale else "_").language
    except ValueError:
        return DEFAULT_LANGUAGE
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def translate(message: str, language: str, values: Mapping[str, object] | None = None) -> str:
    """A source string in a language, with its values filled in.

    A value that is itself a source string (`video`, `it is cut short`) is translated too. One that is missing
    leaves an ellipsis: a sentence with a gap is still a sentence.
    """
    catalogue = translations(language)
    filled: defaultdict[str, object] = defaultdict(lambda: "…")
    for name, value in (values or {}).items():
        filled[name] = catalogue.gettext(value) if isinstance(value, str) and value else value
    text = catalogue.gettext(message)
    return text.format_map(filled) if values is not None else text


def sentence(error: SubiteyaError, language: str) -> str:
    """What an error says to a person."""
    return translate(error.message, language, error.context)


def sentence_of(code: str, context: Mapping[str, object] | None, language: str) -> str:
    """What a stored error says to a person, from the code and the values that a row keeps."""
    if code.startswith(ERROR_PREFIX) and _class_of(code) is SubiteyaError:
        row = row_of(code)
        return row.es if language == "es" else row.en
    return translate(_class_of(code).message, language, context or {})


def button_of(code: str) -> str | None:
    """The button that mends a stored error, where one does."""
    known = _class_of(code)
    if code.startswith(ERROR_PREFIX) and known is SubiteyaError:
        button = row_of(code).button
        return button.value if button is not None else None
    return known.button


def _class_of(code: str) -> type[SubiteyaError]:
    """The error class of a code; a code of another version of ours means something went wrong, no more."""
    return next((error for error in every_error() if error.code == code), SubiteyaError)
