"""Bands as SVG polygons."""

from __future__ import annotations

import numpy as np

from wendelin.core.web.svg import draw_band


def test_along_the_highest_and_back_along_the_lowest() -> None:
    across, lows, highs = np.array([0.0, 10.0]), np.array([0.0, -1.0]), np.array([1.0, 0.0])
    assert draw_band(across, lows, highs, (-1.0, 1.0), 101) == "0.0,0.0 10.0,50.0 10.0,100.0 0.0,50.0"


def test_a_flat_band_is_a_pixel_high() -> None:
    values = np.array([5.0, 5.0])
    for point in draw_band(np.array([0.0, 1.0]), values, values, (5.0, 5.0), 100).split()[2:]:
        assert point.split(",")[1] == "100.0"


def test_nothing_gives_nothing() -> None:
    nothing = np.empty(0)
    assert draw_band(nothing, nothing, nothing, (0.0, 0.0), 100) == ""
