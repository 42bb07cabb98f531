"""The picture of a sound, drawn once for each state of its stream."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from wendelin.core.web.svg import draw_band
from wendelin.plugins.ingestion.formats.sound import Sound, Values, Wave, read_bins

WIDTH, HEIGHT = 800, 160
MOST_DRAWN = 200


def draw(bins: Values) -> str:
    """The points of an SVG polygon in a box of `WIDTH` by `HEIGHT`; ``bins`` as `read_bins` gives them."""
    across = np.linspace(0, WIDTH, len(bins)) if len(bins) > 1 else np.zeros(len(bins))
    low, high = np.clip(bins[:, 0], -1, 1), np.clip(bins[:, 1], -1, 1)
    return draw_band(across, low, high, (-1.0, 1.0), HEIGHT)


class Drawn:
    """The pictures that this process made last."""

    def __init__(self) -> None:
        self._points: OrderedDict[tuple[int, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def points(self, stream: Sound, wave: Wave) -> str:
        """The picture of a stream as it is now."""
        key = (stream.getUid(), stream.revision())
        with self._lock:
            known = self._points.get(key)
        if known is None:
            known = draw(read_bins(stream, wave))
            with self._lock:
                self._points[key] = known
                while len(self._points) > MOST_DRAWN:
                    self._points.popitem(last=False)
        return known


DRAWN = Drawn()
