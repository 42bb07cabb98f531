"""Versions and the restrictions on them, ordered as Debian orders package versions.

``1.0~rc1 < 1.0 < 1.0-1 < 1.0.1 < 1.0a < 1.10 < 1:0.1`` (a tilde sorts before everything, even the end).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

VERSION_PATTERN = re.compile(r"(?:\d+:)?\d[A-Za-z0-9.+~-]*")
DEPENDENCY_PATTERN = re.compile(
    r"(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*(?:\(\s*(?P<operator><<|<=|<|>>|>=|>|==|=)\s*(?P<version>[^\s)]+)\s*\))?"
)
OPERATORS = {
    "<": (-1,),
    "<<": (-1,),
    "<=": (-1, 0),
    "=": (0,),
    "==": (0,),
    ">=": (0, 1),
    ">": (1,),
    ">>": (1,),
}


@dataclass(frozen=True)
class Dependency:
    """``name (>= 1.0)``: a template's title or a provision, and perhaps a restriction of its version."""

    name: str
    operator: str = ""
    version: str = ""

    @classmethod
    def parse(cls, text: str) -> Dependency:
        """Read ``erp5_core`` or ``erp5_core (>= 1.0)``; ValueError says what is wrong with anything else."""
        match = DEPENDENCY_PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no dependency; write 'name' or 'name (>= 1.0)'")
        version = match["version"] or ""
        if version and not is_version(version):
            raise ValueError(f"{text!r} has no usable version: {version!r}")
        return cls(match["name"], match["operator"] or "", version)

    def accepts(self, version: str) -> bool:
        """True if that version satisfies the restriction; no version (a bare provision) satisfies none."""
        if not self.operator:
            return True
        return bool(version) and compare_versions(version, self.version) in OPERATORS[self.operator]

    def __str__(self) -> str:
        return f"{self.name} ({self.operator} {self.version})" if self.operator else self.name


def is_version(text: str) -> bool:
    """True for what can be compared: starts with a digit, then letters, digits and ``. + ~ -``."""
    return VERSION_PATTERN.fullmatch(text) is not None


def compare_versions(left: str, right: str) -> int:
    """-1, 0 or 1, as ``left`` is older than, the same as, or newer than ``right``."""
    left_parts, right_parts = _split(left), _split(right)
    if left_parts[0] != right_parts[0]:
        return -1 if left_parts[0] < right_parts[0] else 1
    return _compare(left_parts[1], right_parts[1]) or _compare(left_parts[2], right_parts[2])


def compare_version_strings(version: str, restriction: str) -> bool:
    """True if ``version`` satisfies ``restriction``, which is written ``">= 1.0"``."""
    return Dependency.parse(f"x ({restriction})").accepts(version)


def _split(version: str) -> tuple[int, str, str]:
    """(epoch, upstream version, revision) of ``[epoch:]upstream[-revision]``."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch), upstream if dash else rest, revision if dash else ""


def _compare(left: str, right: str) -> int:
    """Compare piece by piece, texts and numbers in turn."""
    for left_piece, right_piece in zip_longest(_pieces(left), _pieces(right), fillvalue=("", 0)):
        left_key, right_key = _piece_key(left_piece), _piece_key(right_piece)
        if left_key != right_key:
            return -1 if left_key < right_key else 1
    return 0


def _pieces(version: str) -> list[tuple[str, int]]:
    """``1.10a`` -> [("", 1), (".", 10), ("a", 0)]: a text without digits, and the number that follows it."""
    return [(text, int(number or 0)) for text, number in re.findall(r"([^\d]*)(\d*)", version) if text or number]


def _piece_key(piece: tuple[str, int]) -> tuple[list[int], int]:
    """Letters sort before other signs, the end of the text before letters, and a tilde before the end."""
    text, number = piece
    return [_sign_order(sign) for sign in text] + [0], number


def _sign_order(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256
