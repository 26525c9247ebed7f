"""Fonts that come with the locked packages, and which of them has which character.

libass draws a box for a character that its font lacks. So the text is split beforehand into runs that one
font covers, and what no font covers is left out.
"""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from subiteya.domain.pattern import Font

_BOLD = 700  # the heaviest weight of the Noto fonts in the package
_BOLD_STRETCH = 1.07
_FAMILY = 1  # number of the family name in a font's table of names
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
_EMOJI_MARKS = frozenset("\ufe0f\u20e3")
_EMOJI_BLOCKS = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff]")
# Drawn by nobody: shapers swallow them, so a font need not have them.
_INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f")


@dataclass(frozen=True)
class Face:
    """One font file and the family name by which libass finds it."""

    family: str
    path: Path

    @cached_property
    def characters(self) -> frozenset[str]:
        """What the font can draw."""
        with TTFont(self.path, lazy=True) as font:
            return frozenset(map(chr, font.getBestCmap()))

    @cached_property
    def height(self) -> float:
        """Height of a line over the em square: libass sizes fonts by the former, the eye by the latter."""
        with TTFont(self.path, lazy=True) as font:
            lines = font["OS/2"].usWinAscent + font["OS/2"].usWinDescent
            return float(lines / font["head"].unitsPerEm)

    @cached_property
    def _advances(self) -> dict[str, float]:
        """How far each character moves the pen, as a share of the line's height (as libass scales fonts)."""
        with TTFont(self.path, lazy=True) as font:
            height = font["OS/2"].usWinAscent + font["OS/2"].usWinDescent
            # Widths of a variable font are those of its regular cut; the bold one runs a little wider.
            stretch = (_BOLD_STRETCH if "fvar" in font else 1.0) / height
            table = font["hmtx"]
            return {chr(code): table[name][0] * stretch for code, name in font.getBestCmap().items()}

    def width(self, text: str) -> float:
        """Width of the text as a share of its line height, without kerning."""
        return sum(self._advances.get(character, 0.0) for character in text)

    def covers(self, cluster: str) -> bool:
        """Whether every visible character of the cluster can be drawn."""
        return all(character in self.characters for character in cluster if character not in _INVISIBLE)

    def write(self, folder: Path, text: str) -> None:
        """Puts the font where libass loads it; of a variable font the bold cut of what `text` needs."""
        target = folder / f"{self.family.replace(' ', '')}.ttf"
        with TTFont(self.path, lazy=True) as font:
            if "fvar" not in font:
                target.write_bytes(self.path.read_bytes())
                return
            # Subset first: cutting the whole of Noto Sans takes 1.7 s, cutting a few glyphs a tenth of that.
            subsetter = Subsetter(Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True))
            subsetter.populate(text=text)
            subsetter.subset(font)
            bold = min(_BOLD, font["fvar"].axes[0].maxValue)
            cut = instantiateVariableFont(font, {"wght": bold}, inplace=True)
            # libass finds a font by this name, in which some fonts tell their lightest cut: "… Hebrew Light".
            for record in cut["name"].names:
                if record.nameID == _FAMILY:
                    record.string = self.family
            cut.save(target)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that one face draws."""

    face: Face
    text: str


@dataclass(frozen=True)
class FontLibrary:
    """The faces by name, and those that help out, in the order in which they are asked."""

    faces: dict[Font, Face]
    helpers: tuple[Face, ...]
    emoji: Face

    def runs(self, font: Font, text: str) -> tuple[Run, ...]:
        """`text` split into runs; characters that no font has are left out.

        Spaces and punctuation stay with the run before them when its face has them, so that words in other
        scripts are shaped as one.
        """
        found: list[Run] = []
        for cluster in _clusters(text):
            face = self._face_for(cluster, self.faces[font], found[-1].face if found else None)
            if face is None:
                continue
            if found and found[-1].face is face:
                found[-1] = Run(face, found[-1].text + cluster)
            else:
                found.append(Run(face, cluster))
        return tuple(found)

    def width(self, font: Font, text: str) -> float:
        """Width of the text as a share of the line height of `font`."""
        runs = self.runs(font, text)
        return sum(run.face.width(run.text) * self.size_beside(font, run.face) for run in runs)

    def size_beside(self, font: Font, face: Face) -> float:
        """How much larger a helper is to be set beside `font`, so that its letters look as large.

        Scripts with tall lines (Arabic, Devanagari) would come out tiny otherwise.
        """
        return max(1.0, face.height / self.faces[font].height)

    def _face_for(self, cluster: str, main: Face, current: Face | None) -> Face | None:
        if _EMOJI_MARKS.intersection(cluster) or _EMOJI_BLOCKS.match(cluster):
            candidates = (self.emoji, main, *self.helpers)
        elif current is not None and not cluster[0].isalnum() and current is not self.emoji:
            candidates = (current, main, *self.helpers)
        else:
            candidates = (main, *self.helpers, self.emoji)
        return next((face for face in candidates if face.covers(cluster)), None)


def bundled_fonts() -> FontLibrary:
    """The fonts of the installed packages. Reads no font yet."""
    noto = _folder("manimgx_fonts")
    scripts = sorted(noto.glob("NotoSans[A-Z]*[[]wght].ttf"))
    sans = Face("Noto Sans", noto / "NotoSans[wght].ttf")
    return FontLibrary(
        faces={
            Font.MANROPE: Face("Manrope ExtraBold", _folder("font_manrope") / "files/Manrope-ExtraBold.ttf"),
            Font.FREDOKA: Face("Fredoka One", _folder("font_fredoka_one") / "files/FredokaOne-Regular.ttf"),
            Font.FJALLA: Face("Fjalla One", _folder("font_fjallaone") / "files/FjallaOne-Regular.ttf"),
            Font.NOTO_SANS: sans,
        },
        helpers=(sans, *(Face(_family(path), path) for path in scripts)),
        emoji=Face("Noto Emoji", noto / "NotoEmoji[wght].ttf"),
    )


def _family(path: Path) -> str:
    return f"Noto Sans {path.name.removeprefix('NotoSans').partition('[')[0]}"


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {package} is not installed")
    return Path(spec.origin).parent


def _clusters(text: str) -> list[str]:
    """Characters with what belongs to them: accents, joiners, skin tones, the second half of a flag."""
    clusters: list[str] = []
    for character in text:
        if clusters and _belongs(clusters[-1], character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _belongs(cluster: str, character: str) -> bool:
    if character in _JOINERS or cluster[-1] == "\u200d" or unicodedata.combining(character):
        return True
    if unicodedata.category(character) in {"Mn", "Mc", "Me"}:
        return True
    is_flag_half = "\U0001f1e6" <= character <= "\U0001f1ff"
    if is_flag_half:
        return len(cluster) == 1 and "\U0001f1e6" <= cluster <= "\U0001f1ff"
    return "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f"
