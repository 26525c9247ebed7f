"""What every feature draws on."""

from __future__ import annotations

from dataclasses import dataclass

from subiteya.media.graph.canvas import Canvas
from subiteya.media.graph.filters import Graph
from subiteya.media.graph.inputs import Inputs
from subiteya.media.graph.signal import Signal


@dataclass(frozen=True, slots=True)
class Stage:
    """The graph in the making, with the size and the colours of its main line, and the command's inputs."""

    graph: Graph
    canvas: Canvas
    signal: Signal
    inputs: Inputs
