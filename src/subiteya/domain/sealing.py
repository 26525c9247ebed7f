"""Secrets at rest: AES-256-GCM under a key that has a name, bound to where the secret belongs.

A sealed text is `v1.<key id>.<base64url of nonce, ciphertext and tag>`. The key id comes from the key's hash,
so that several keys can live side by side while everything is sealed again under the newest. The *context*
(`account:<id>:access_token`, say) is authenticated with it: a sealed text moved to another row or column does
not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from subiteya.domain.errors import CannotOpenSecret, ConfigurationError, UnknownKey

KEY_BYTES: Final = 32
"""Bytes of an AES-256 key."""
_VERSION: Final = "v1"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_PARTS: Final = 3


class Sealer:
    """Seals under the newest key, opens under any.

    Args:
        keys: 32-byte keys, newest first.

    Raises:
        ConfigurationError: No key, one of the wrong size, or one twice.
    """

    __slots__ = ("_ciphers", "_newest")

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ConfigurationError(
                what="ENCRYPTION_KEY", why=f"needs one or more keys of {KEY_BYTES} bytes"
            )
        ids = [_key_id(key) for key in keys]
        if len(set(ids)) != len(ids):
            raise ConfigurationError(what="ENCRYPTION_KEY", why="holds a key twice")
        self._newest = ids[0]
        self._ciphers = {key_id: AESGCM(key) for key_id, key in zip(ids, keys, strict=True)}

    def __repr__(self) -> str:
        return "Sealer(…)"

    def seal(self, plaintext: str, context: str) -> str:
        """Seal `plaintext` for `context` under the newest key; the same text twice seals differently."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        data = plaintext.encode()
        sealed = nonce + self._ciphers[self._newest].encrypt(nonce, data, _bound(self._newest, context))
        return f"{_VERSION}.{self._newest}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def open(self, sealed: str, context: str) -> str:
        """The plaintext again.

        Raises:
            UnknownKey: The key it was sealed under is not configured.
            CannotOpenSecret: It was altered, belongs to another context, or is not a sealed text.
        """
        key_id, raw = _take_apart(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(key_id=key_id)
        try:
            data = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(key_id, context))
        except InvalidTag:
            raise CannotOpenSecret(why="it was altered or belongs elsewhere") from None
        return data.decode()

    def is_newest(self, sealed: str) -> bool:
        """Whether a text is sealed under the newest key; if not, it is to be sealed again.

        Raises:
            CannotOpenSecret: It is not a sealed text.
        """
        return _take_apart(sealed)[0] == self._newest


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"subiteya key id\x00" + key).hexdigest()[:12]


def _bound(key_id: str, context: str) -> bytes:
    # Neither part before the context can hold a colon, so no two triples give the same bytes.
    return f"{_VERSION}:{key_id}:{context}".encode()


def _take_apart(sealed: str) -> tuple[str, bytes]:
    parts = sealed.split(".")
    if len(parts) != _PARTS or parts[0] != _VERSION:
        raise CannotOpenSecret(why="it is not a sealed text")
    try:
        text = parts[2].encode("ascii")
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise CannotOpenSecret(why="it is not a sealed text") from None
    if len(raw) < _NONCE_BYTES + _TAG_BYTES:
        raise CannotOpenSecret(why="it is cut short")
    return parts[1], raw
