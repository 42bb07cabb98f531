"""Pictures of many numbers, as the points of an SVG polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]


def draw_band(across: Numbers, lows: Numbers, highs: Numbers, scale: tuple[float, float], height: int) -> str:
    """The ``points`` of a polygon that runs along the highest values, and back along the lowest.

    ``across`` has the places from left to right in pixels, ``scale`` the values at the lower and the upper edge of a
    box of ``height`` pixels; all three arrays have one length. Empty without values.
    """
    bottom, top = scale
    span = (top - bottom) or 1.0
    upper = (height - 1) * (1 - (highs - bottom) / span)
    # A band that would have no height is given a pixel, so that a flat line and a single spike can be seen.
    lower = np.maximum((height - 1) * (1 - (lows - bottom) / span), upper + 1)
    points = [*zip(across, upper, strict=True), *zip(across[::-1], lower[::-1], strict=True)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
