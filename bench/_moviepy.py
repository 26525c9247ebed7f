"""Logo and one line of text by MoviePy, as its documentation shows; run by its own Python path."""

from __future__ import annotations

import sys

from moviepy import CompositeVideoClip, ImageClip, TextClip, VideoFileClip  # type: ignore[import-not-found,unused-ignore]  # a guest: not among our dependencies


def main(clip: str, logo: str, font: str, target: str) -> None:
    """Composes and writes the file with the settings of the original."""
    film = VideoFileClip(clip)
    mark = ImageClip(logo).resized(width=162).with_opacity(0.8).with_duration(film.duration)
    mark = mark.with_position((film.w - 162 - 43, film.h - 100))
    text = TextClip(font=font, text="Una frase de prueba", font_size=60, color="white", stroke_color="black")
    text = text.with_duration(film.duration).with_position(("center", 1300))
    whole = CompositeVideoClip([film, mark, text])
    whole.write_videofile(
        target, codec="libx264", audio_codec="aac", preset="fast", ffmpeg_params=["-crf", "23"], logger=None
    )


if __name__ == "__main__":
    main(*sys.argv[1:5])
