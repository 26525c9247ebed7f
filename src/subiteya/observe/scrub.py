"""Takes secrets out of what is written to logs: by the name of a field, and by their shape in any text.

This is the last net, not the first: nobody should hand a secret to a log. It catches what slips in by an
exception's text, an address with a signature, or a library that prints its headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

HIDDEN: Final = "***"

_SECRET_NAMES: Final = re.compile(
    r"(?i)(^|[_-])(authorization|cookie|set-cookie|password|passwd|secret|token|api_?key|signature|upload_url)$"
)

_SHAPES: Final = (
    # our API keys; one-time links; session cookies
    (re.compile(r"\bsk_[A-Za-z0-9_-]{16,}"), f"sk_{HIDDEN}"),
    (re.compile(r"(/login/)[A-Za-z0-9_-]{16,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(subiteya_session=)[^;\s\"']+"), rf"\1{HIDDEN}"),
    # TikTok's access and refresh tokens
    (re.compile(r"\b(act|rft)\.[A-Za-z0-9!%*._~+/=-]{8,}"), rf"\1.{HIDDEN}"),
    # headers, as a library or a traceback may print them
    (
        re.compile(r"(?i)(\bauthorization['\"]?\s*[:=]\s*['\"]?)(?:bearer |basic )?[^\s'\",}]+"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9!%*._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(\bx-api-key['\"]?\s*[:=]\s*['\"]?)[^\s'\",}]+"), rf"\1{HIDDEN}"),
    # addresses: parameters that carry a permission, and passwords before the host
    (
        re.compile(
            r"(?i)((?:\b(?:upload_token|x-amz-(?:signature|security-token|credential)|signature|access_token|"
            r"refresh_token|client_secret|code_verifier|password|passwd)|[?&](?:code|token))=)[^&\s\"']+"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+@"), rf"\1{HIDDEN}@"),
)


def scrub_text(text: str) -> str:
    """The text with everything that looks like a secret replaced by stars."""
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def scrub_event(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A structlog processor: the record without secrets. Goes right before the renderer."""
    return {name: scrub_value(value, name) for name, value in event.items()}


def scrub_value(value: Any, name: str = "") -> Any:
    """A value without secrets; what is not JSON becomes text first, since its text is what is written."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, Mapping):
        return {str(key): scrub_value(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub_value(item) for item in value]
    return scrub_text(str(value))
