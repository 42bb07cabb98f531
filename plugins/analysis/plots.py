"""A picture of an array as the browser draws it: the lowest and highest value of each of some hundred bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wendelin.core.bigdata import BigArray
from wendelin.core.errors import UnsupportedArray
from wendelin.core.web.svg import Numbers, draw_band

BINS = 600
WIDTH, HEIGHT = 600, 160
SERIES = 4
NUMERIC = "iufb"
MOST_READ = 1 << 30  # bytes, for a picture of what was not summarised


@dataclass(frozen=True)
class Series:
    """One line of the picture: ``points`` are an SVG polygon (`draw_band`) in a box of `WIDTH` by `HEIGHT`."""

    name: str
    points: str
    lowest: str
    highest: str


@dataclass(frozen=True)
class Plot:
    """The picture: some series over ``rows`` rows."""

    width: int
    height: int
    rows: str
    series: tuple[Series, ...]


def make_plot(array: object) -> Plot | None:
    """The picture of an array of numbers, one or two dimensions; None for another. Reads its summary, not the data."""
    if not isinstance(array, BigArray) or not 1 <= array.ndim <= 2 or array.dtype.kind not in NUMERIC:
        return None
    count = array.shape[0]
    if array.cost_of_overview > MOST_READ:  # until somebody calls `summarise`
        return None
    try:
        bins = array.overview(0, count, BINS).reshape((min(BINS, count), 2, -1))
    except UnsupportedArray:
        return None
    series = tuple(_draw(name, bins[:, 0, at], bins[:, 1, at]) for at, name in enumerate(_names(array)))
    return Plot(WIDTH, HEIGHT, f"{count:,}", series) if series else None


def _names(array: BigArray) -> list[str]:
    return ["value"] if array.ndim == 1 else [str(number) for number in range(min(array.shape[1], SERIES))]


def _draw(name: str, low: Numbers, high: Numbers) -> Series:
    lows, highs = low.astype(float), high.astype(float)
    finite = np.isfinite(lows) & np.isfinite(highs)
    lows, highs = lows[finite], highs[finite]
    bottom, top = (float(lows.min()), float(highs.max())) if len(lows) else (0.0, 0.0)
    across = np.flatnonzero(finite) * (WIDTH / max(len(finite) - 1, 1))
    text = draw_band(across, lows, highs, (bottom, top), HEIGHT)
    return Series(name, text, f"{bottom:.6g}", f"{top:.6g}")
