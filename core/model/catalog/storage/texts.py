"""What counts as the same text, and whether a text fits a ``%`` pattern.

People type a text in another Unicode form than the one it was stored in: composed or not, in capitals, full width.
`fold` makes all of them one. Patterns are matched piece by piece from the left, in a time that grows with the text and
not with the number of ``%`` (a regular expression of many ``.*`` takes as long as it likes).
"""

from __future__ import annotations

from unicodedata import normalize

from wendelin.core.errors import QueryError

#: Characters of a pattern.
PATTERN_LIMIT = 1000


def fold(text: str) -> str:
    """The text for comparing: without differences of case, width and Unicode form (NFKC of the folded case)."""
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text).casefold())


def canonical(text: str) -> str:
    """The text in one form where Unicode has several for the same letters; case and width still matter (NFC)."""
    return text if text.isascii() else normalize("NFC", text)


class TextPattern:
    """A pattern in which ``%`` stands for any text, and everything else for itself; case does not matter."""

    __slots__ = ("pieces",)

    def __init__(self, pattern: str) -> None:
        if len(pattern) > PATTERN_LIMIT:
            raise QueryError(f"a pattern has at most {PATTERN_LIMIT} characters, not {len(pattern)}")
        self.pieces = [fold(piece) for piece in pattern.split("%")]

    @property
    def prefix(self) -> str:
        """What a text that fits begins with, folded."""
        return self.pieces[0]

    @property
    def is_prefix(self) -> bool:
        """Does the beginning decide alone?"""
        return len(self.pieces) > 1 and not any(self.pieces[1:])

    def fits(self, folded: str) -> bool:
        """Does a folded text fit? Each piece is taken at the first place where it can stand, which never is wrong."""
        first, *middle = self.pieces
        if not middle:
            return folded == first
        last = middle.pop()
        place, end = len(first), len(folded) - len(last)
        if end < place or not folded.startswith(first) or not folded.endswith(last):
            return False
        for piece in middle:
            place = folded.find(piece, place, end)
            if place < 0:
                return False
            place += len(piece)
        return True

    def fits_text(self, text: object) -> bool:
        """The same for a text as it is, or a value that is shown as one."""
        return self.fits(fold(str(text)))
