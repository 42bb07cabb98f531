"""Which ingestion policy takes a tag: patterns as Fluentd's ``<match>`` has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from wendelin.core.errors import BadRequest, NotFound

TOKEN = re.compile(r"\*\*\.|\.\*\*|\*\*|\*|\{[^{}]*\}|(?:(?!\.\*\*)[^*{}])+")
TAG_WORD = "{tag}"


@dataclass(frozen=True)
class Route:
    """Tags of a pattern go to a policy, under the tag ``reference``; ``{tag}`` in it is the one that was sent."""

    pattern: str
    policy_id: str
    reference: str = TAG_WORD


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """``*`` is one part of a tag, ``**`` any number of them, ``{a,b}`` either; raises `BadRequest` for a lone brace."""
    tokens = TOKEN.findall(pattern)
    if not pattern or "".join(tokens) != pattern:
        raise BadRequest(f"{pattern!r} is not a pattern of tags: braces do not match")
    return re.compile("".join(map(_translate, tokens)))


def _translate(token: str) -> str:
    if token == "**.":
        return r"(?:.+\.)?"
    if token == ".**":
        return r"(?:\..+)?"
    if token == "**":
        return r".*"
    if token == "*":
        return r"[^.]+"
    if token.startswith("{"):
        return f"(?:{'|'.join(re.escape(part.strip()) for part in token[1:-1].split(','))})"
    return re.escape(token)


def find_target(routes: Sequence[Route], tag: str) -> tuple[str, str]:
    """``(policy id, reference)`` of the first route that matches; raises `NotFound`.

    Without any route, a tag goes to the policy that is called as its first part: ``pydata.left`` to ``pydata``.
    """
    if not routes:
        return tag.split(".")[0], tag
    for route in routes:
        if compile_pattern(route.pattern).fullmatch(tag):
            return route.policy_id, route.reference.replace(TAG_WORD, tag)
    raise NotFound(f"no [[match]] of the configuration takes the tag {tag!r}")
