"""Topic filters of MQTT: what each contains, and which of several have to be subscribed.

A broker may deliver a publication once for each subscription that it matches (MQTT 3.1.1, 3.3.5), and then nobody can
tell the copies from publications of their own. So what another filter contains is not subscribed.
"""

from __future__ import annotations

from collections.abc import Iterable

from wendelin.core.errors import BadRequest

SHARED = "$share/"
SHARED_LEVELS = 2  # $share/<group>/<filter>


def check_filter(pattern: str, place: str) -> None:
    """Raises `BadRequest` for what is no topic filter: ``+`` and ``#`` are whole levels, ``#`` is the last."""
    levels = pattern.split("/")
    if (
        not pattern
        or "\0" in pattern
        or any(("+" in level or "#" in level) and len(level) > 1 for level in levels)
        or "#" in levels[:-1]
        or (pattern.startswith(SHARED) and len(levels) <= SHARED_LEVELS)
    ):
        raise BadRequest(f"{place}: {pattern!r} is no topic filter")


def contains(wide: str, narrow: str) -> bool:
    """Whether all topics of ``narrow`` are topics of ``wide``; shared subscriptions contain nothing and are in none."""
    if wide.startswith(SHARED) or narrow.startswith(SHARED) or _is_hidden(wide, narrow):
        return wide == narrow
    others = narrow.split("/")
    levels = wide.split("/")
    for position, level in enumerate(levels):
        if level == "#":
            return True
        if position >= len(others):
            return False
        other = others[position]
        if other == "#" or (level != "+" and level != other):
            return False
    return len(others) == len(levels)


def overlap(one: str, other: str) -> bool:
    """Whether a topic can match both filters."""
    if one.startswith(SHARED) or other.startswith(SHARED) or _is_hidden(one, other) or _is_hidden(other, one):
        return False
    first, second = one.split("/"), other.split("/")
    for a, b in zip(first, second, strict=False):
        if "#" in (a, b):
            return True
        if a != b and "+" not in (a, b):
            return False
    longer = max(first, second, key=len)[min(len(first), len(second)) :]
    return longer in ([], ["#"])


def _is_hidden(wide: str, narrow: str) -> bool:
    """Topics that begin with ``$`` are matched by no filter that begins with a wildcard."""
    return narrow.startswith("$") and wide[0] in "+#"


def find_needed(filters: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """The filters, with their QoS, that are not contained in others; each with the highest QoS of what it contains."""
    found = list(filters)
    needed: list[tuple[str, int]] = []
    for index, (topic, _) in enumerate(found):
        wider = (
            contains(other, topic) and (not contains(topic, other) or position < index)
            for position, (other, _) in enumerate(found)
            if position != index
        )
        if not any(wider):
            needed.append((topic, max(qos for other, qos in found if contains(topic, other))))
    return needed


def find_overlaps(filters: Iterable[str]) -> list[tuple[str, str]]:
    """The pairs of filters that have topics in common, though neither contains the other."""
    found = list(filters)
    return [
        (one, other)
        for index, one in enumerate(found)
        for other in found[index + 1 :]
        if overlap(one, other) and not contains(one, other) and not contains(other, one)
    ]
