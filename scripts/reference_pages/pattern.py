"""Every field of a brand pattern."""

from __future__ import annotations

from typing import Any, Final, get_args

from pydantic import BaseModel
from reference_pages.fields import allowed, default
from reference_pages.markdown import code, page, paragraphs, table

from subiteya.domain.pattern import PatternSpec

_INTRODUCTION: Final = """
A brand pattern is a JSON object. What it leaves out stays as it is in the clip; a field that is not known is
refused. The pattern is frozen into a video when the video is confirmed, so a later change touches only later
videos. Percentages refer to the picture as it is seen.

```json
{
  "logo": {"anchor": "top_right", "width_percent": 18, "opacity": 0.9},
  "effects": {"look": "vibrant", "contrast": 0.1}
}
```

The files that a pattern names (logo, background, colour table, music, intro, outro) come by
`POST /api/patterns/{pattern_id}/{kind}`, which fills in their fields; see
[Files for patterns](../how-to/bring-files-for-patterns.md). The words of the subtitles come with the video,
as SRT, WebVTT or ASS.
"""


def pattern_page() -> str:
    """The page."""
    blocks = [_INTRODUCTION]
    for name, field in PatternSpec.model_fields.items():
        section = _model_of(field.annotation)
        if section is None:
            blocks += [f"## `{name}`", f"{field.description} Default: {default(field)}."]
            continue
        rows = [
            (code(below), default(entry), allowed(entry), entry.description or "")
            for below, entry in section.model_fields.items()
        ]
        is_list = "" if section is field.annotation else ", a list"
        heads = ("Field", "Default", "Values", "What it is for")
        blocks += [f"## `{name}`{is_list}", paragraphs(section.__doc__), table(heads, rows)]
    return page("Brand pattern", *blocks)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None
