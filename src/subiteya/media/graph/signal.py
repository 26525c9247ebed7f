"""What the source's numbers mean, and how they become 8-bit, limited-range, standard-dynamic yuv420p."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from subiteya.domain.probe import VideoTrack
from subiteya.media.graph.filters import spell

_HD_LINES = 720  # players take unlabelled video from here on for BT.709, and below for BT.601
_SCALE_NAMES = {"bt2020c": "bt2020nc"}  # `scale` knows one of the two
_USUAL = frozenset({"bt709", "smpte170m", "bt470bg"})
# Nits of a graphics white that is mapped to SDR white: ITU-R BT.2408.
_NOMINAL_PEAK = 203


@dataclass(frozen=True, slots=True)
class Signal:
    """The colours in which the graph works; the output carries them as labels. Names are FFmpeg's."""

    matrix: str
    primaries: str
    transfer: str

    @property
    def to_rgb(self) -> tuple[str, ...]:
        """Filters from yuv420p to planar RGB."""
        return (spell("scale", in_color_matrix=self.matrix, in_range="tv"), "format=gbrp")

    @property
    def from_rgb(self) -> tuple[str, ...]:
        """Filters from RGB back to yuv420p."""
        return (spell("scale", out_color_matrix=self.matrix, out_range="tv"), "format=yuv420p")

    @property
    def overlay_from_rgb(self) -> tuple[str, ...]:
        """Filters that turn an RGBA overlay into the graph's own colours."""
        return (spell("scale", out_color_matrix=self.matrix, out_range="tv"), "format=yuva420p")

    @property
    def label(self) -> str:
        """The filter that writes the labels into the stream; it costs nothing."""
        return spell(
            "setparams",
            range="tv",
            colorspace=self.matrix,
            color_primaries=self.primaries,
            color_trc=self.transfer,
        )


def plan_signal(video: VideoTrack) -> Signal:
    """The working colours: the source's own wherever they are usual ones, so that nothing is converted."""
    if video.is_hdr:
        return Signal("bt709", "bt709", "bt709")
    matrix = video.matrix
    if matrix == "unknown":
        # Guessed by the coded size, as players do; it is what the camera wrote.
        matrix = "bt709" if min(video.coded_width, video.coded_height) >= _HD_LINES else "smpte170m"
    elif matrix not in _USUAL:
        matrix = "bt709"
    primaries = matrix if video.primaries == "unknown" else video.primaries
    transfer = video.transfer
    if transfer == "unknown":
        transfer = "bt709" if matrix == "bt709" else "smpte170m"
    return Signal(matrix, primaries, transfer)


def convert(video: VideoTrack, signal: Signal, size: tuple[int, int] | None) -> tuple[str, ...]:
    """Filters that bring the source's colours to the graph's, and its picture to `size` if given."""
    if video.is_hdr:
        return _tone_map(video, size)
    options: dict[str, float | str | Fraction] = {} if size is None else {"w": size[0], "h": size[1]}
    if video.is_full_range or video.matrix not in {signal.matrix, "unknown"} or video.pix_fmt != "yuv420p":
        if video.matrix != "gbr":  # RGB has no matrix to come from
            matrix = signal.matrix if video.matrix == "unknown" else video.matrix
            options |= {
                "in_color_matrix": _SCALE_NAMES.get(matrix, matrix),
                "in_range": "pc" if video.is_full_range else "tv",
            }
        options |= {"out_color_matrix": signal.matrix, "out_range": "tv"}
    if not options:
        return ()
    return (spell("scale", flags="bicubic+accurate_rnd", **options), "format=yuv420p", "setsar=1")


def _tone_map(video: VideoTrack, size: tuple[int, int] | None) -> tuple[str, ...]:
    """HLG or PQ to SDR on the processor: linear light, BT.709 primaries, a curve for the highlights."""
    options: dict[str, float | str | Fraction] = {
        "tin": video.transfer,
        "pin": "bt2020" if video.primaries == "unknown" else video.primaries,
        "min": "bt2020nc" if video.matrix == "unknown" else video.matrix,
        "rin": "full" if video.is_full_range else "limited",
    }
    if size is not None:
        options |= {"w": size[0], "h": size[1], "f": "bicubic"}
    return (
        spell("zscale", t="linear", npl=_NOMINAL_PEAK, **options),
        "format=gbrpf32le",
        "zscale=p=bt709",
        "tonemap=tonemap=mobius:desat=0",
        "zscale=t=bt709:m=bt709:r=limited",
        "format=yuv420p",
        "setsar=1",
    )
