"""Pages: templates, their safety headers, and what a card says about a publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from subiteya.tiktok.simulator.records import Creator, Privacy, Publish, Source, Step
from subiteya.tiktok.simulator.wording import choose_words

FOLDER = Path(__file__).parent
_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Card:
    """One publish with its creator, as the pages show it."""

    publish: Publish
    creator: Creator

    @property
    def path(self) -> str:
        """Address of its page: the share link's shape when it has a public id."""
        if self.publish.post_id is not None and self.publish.privacy_level is Privacy.PUBLIC:
            return f"/@{self.creator.username}/video/{self.publish.post_id}"
        return self.own_path

    @property
    def own_path(self) -> str:
        """Address that every publish has."""
        return f"/simulator/posts/{quote(self.publish.publish_id, safe='~')}"

    @property
    def playable(self) -> bool:
        """Whether there is a file to play."""
        return self.publish.step in {Step.COMPLETE, Step.INBOX}

    @property
    def percent(self) -> int:
        """Bytes that have arrived, in percent."""
        size = self.publish.video_size
        return 100 * self.publish.received // size if size else 0

    @property
    def moment(self) -> datetime:
        """When it ended, or when it was begun."""
        return datetime.fromtimestamp(self.publish.ended_at or self.publish.created_at, UTC)

    @property
    def mebibytes(self) -> str:
        """Size of the file."""
        return f"{self.publish.video_size / _MIB:.1f} MiB"

    @property
    def picture(self) -> str | None:
        """Size, rate and length of the picture, when the file was looked at."""
        seen = self.publish
        if seen.width is None or seen.duration_ms is None or seen.fps is None:
            return None
        return f"{seen.width} \u00d7 {seen.height}, {seen.fps:.4g} fps, {seen.duration_ms / 1000:.1f} s"

    @property
    def version(self) -> str:
        """Changes whenever the card would look different."""
        shown = self.publish
        return f"{shown.step}-{shown.received}-{shown.post_id}-{shown.privacy_level}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Keys of the sentences about what is on or off."""
        shown = self.publish
        if shown.step in {Step.INBOX, Step.FAILED}:
            return ()
        flags = {
            "ai": shown.is_aigc,
            "paid": shown.brand_content_toggle,
            "promotional": shown.brand_organic_toggle and not shown.brand_content_toggle,
            "comments_off": shown.disable_comment,
            "duet_off": shown.disable_duet,
            "stitch_off": shown.disable_stitch,
        }
        return tuple(name for name, on in flags.items() if on)

    @property
    def arriving(self) -> bool:
        """Whether bytes are still on their way."""
        return self.publish.step in {Step.CREATED, Step.RECEIVING} and self.publish.source is Source.FILE


class Views:
    """Renders templates in the reader's language, under a policy that runs nothing but our own files."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        form_target: str = "",
        **values: Any,
    ) -> HTMLResponse:
        """Return a page; `form_target` is an origin to which a form may lead besides our own."""
        words = self.words(request)
        html = self._templates.get_template(template).render(words=words, **values)
        return HTMLResponse(html, status_code=status, headers=_headers(form_target))

    @staticmethod
    def words(request: Request) -> Mapping[str, str]:
        """Return the sentences in the reader's language."""
        return choose_words(request.headers.get("accept-language", ""))


def _headers(form_target: str) -> dict[str, str]:
    # Browsers hold a form to form-action through its redirects, so consent must name where it leads.
    policy = (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; script-src 'self';"
        f" connect-src 'self'; form-action 'self' {form_target}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
