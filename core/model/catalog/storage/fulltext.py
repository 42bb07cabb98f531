"""Full text: hypatia's `TextIndex`, made to let several writers in, and asked without scoring every document.

Three things differ from hypatia's own:

- Word numbers come from a random place per process instead of one counter, and so do not collide.
- A word's tree of documents is not assigned again at every change of it, and the short lists of rare words can be
  ordered: else the shared buckets of words are written each time and cannot be merged, and two writers with one common
  word always conflict.
- A query is tested document by document (`TextQuery.matches`) or walked from its rarest word; nothing is
  computed for a million documents that contain "document" to show thirty of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Protocol

from BTrees.LFBTree import LFBTree
from BTrees.LLBTree import LLSet, multiunion
from hypatia.text import TextIndex
from hypatia.text.lexicon import CaseNormalizer, Lexicon, Splitter
from hypatia.text.okapiindex import OkapiIndex
from hypatia.text.widcode import encode

from wendelin.core.model.catalog.storage.texts import TextPattern, fold
from wendelin.core.model.objects.ids import UidRun

#: uid -> number of times a word occurs; a tree once there are many documents (`WordPostings` before that).
Postings = dict[int, int] | LFBTree
#: Words are cut to this length.
LONGEST_WORD = 200
#: hypatia packs word numbers into 28 bits.
_word_numbers = UidRun(limit=1 << 28, length=1 << 12)


class SpreadLexicon(Lexicon):
    """A lexicon whose new words get numbers that other processes do not hand out at the same time."""

    def sourceToWordIds(self, text: str | None) -> list[int]:  # hypatia's name
        """The numbers of the words of a text, new ones for new words."""
        words: list[str] = [text or ""]
        for element in self._pipeline:
            words = element.process(words)
        return [self._getWordIdCreate(word) for word in words]

    def globToWordIds(self, pattern: str) -> list[int]:  # hypatia's name
        """The numbers of the words that fit a pattern, in which ``*`` stands for any text but the first."""
        matcher = TextPattern(pattern.replace("*", "%"))
        words = self._wids.keys(matcher.prefix, matcher.prefix + "\U0010ffff")
        return [self._wids[word] for word in words if matcher.is_prefix or matcher.fits(word)]

    def _new_wid(self) -> int:
        number = _word_numbers.take()
        while number in self._words:
            number = _word_numbers.take()
        self.word_count.change(1)
        return number


class WordSplitter(Splitter):
    """Words, and the parts of words joined by underscores: ``gadget_page`` is found as such, by gadget and by page.

    Words are folded: composed or not, in capitals, or full width, they are the same word.
    """

    rxGlob = re.compile(r"\w+[\w*]*")

    def process(self, lst: Iterable[str]) -> list[str]:
        """The words of some texts."""
        return [part for word in super().process(map(fold, lst)) for part in _parts(word[:LONGEST_WORD])]

    def processGlob(self, lst: Iterable[str]) -> list[str]:  # hypatia's name
        """The words of some texts in which ``*`` may stand behind or in a word."""
        words = (word[:LONGEST_WORD] for word in super().processGlob(map(fold, lst)))
        return [part for word in words for part in ([word] if "*" in word else _parts(word))]


def _parts(word: str) -> list[str]:
    return [word, *filter(None, word.split("_"))] if "_" in word else [word]


class WordPostings(dict[int, int]):
    """uid -> count for a rare word, kept in the table of words.

    Postings have an order, because buckets of values without one do not merge.
    """

    def __lt__(self, other: dict[int, int]) -> bool:
        return sorted(self.items()) < sorted(other.items())


class MergingOkapiIndex(OkapiIndex):
    """hypatia's ranking index, which writes the shared table of words only for a rare word."""

    def _mass_add_wordinfo(self, wid2weight: Mapping[int, int], docid: int) -> None:
        for wid, weight in wid2weight.items():
            self._add_wordinfo(wid, weight, docid)

    def _add_wordinfo(self, wid: int, f: int, docid: int) -> None:
        known = self._wordinfo.get(wid)
        if known is None:
            known = WordPostings()
            self.word_count.change(1)
        if not isinstance(known, dict):
            known[docid] = f
        elif len(known) < self.DICT_CUTOFF:
            self._wordinfo[wid] = WordPostings({**known, docid: f})
        else:
            self._wordinfo[wid] = self.family.IF.BTree({**known, docid: f})

    def _del_wordinfo(self, wid: int, docid: int) -> None:
        known = self._wordinfo[wid]
        if isinstance(known, dict) and len(known) > 1:
            self._wordinfo[wid] = WordPostings({uid: f for uid, f in known.items() if uid != docid})
        elif len(known) == 1:
            del self._wordinfo[wid]
            self.word_count.change(-1)
        else:
            del known[docid]

    def postings(self, wid: int) -> Postings:
        """uid -> number of times the word occurs; empty for a word that is in no document."""
        return self._wordinfo.get(wid, {})


class FullTextIndex(TextIndex):
    """Words -> documents."""

    index: MergingOkapiIndex

    def __init__(self) -> None:
        lexicon = SpreadLexicon(WordSplitter(), CaseNormalizer())
        super().__init__(discriminator="text", lexicon=lexicon, index=MergingOkapiIndex(lexicon))

    def insert(self, uid: int, text: str) -> None:
        """Index the words of a text, in place of those indexed before."""
        self.index.index_doc(uid, text)

    def discard(self, uid: int) -> None:
        """Forget the words of a document."""
        self.index.unindex_doc(uid)

    def query(self, term: str) -> TextQuery | None:
        """A word, ``prefix*``, or several words, which have to stand one behind the other.

        None for a text without a word: it finds nothing.
        """
        words = self.lexicon.parseTerms(term)
        if not words:
            return None
        if len(words) == 1 and "*" in words[0]:
            return _Words([self.index.postings(wid) for wid in self.lexicon.globToWordIds(words[0])])
        wids = self.lexicon.termToWordIds(term)
        if len(wids) == 1:
            return _Words([self.index.postings(wids[0])])
        return _Phrase(self.index, wids) if all(wids) else _Words([])

    def scores(self, term: str) -> Mapping[int, float]:
        """uid -> relevance (Okapi BM25, higher is better) of every document that matches."""
        words = self.lexicon.parseTerms(term)
        if not words:
            return {}
        if len(words) > 1:
            found = self.index.search_phrase(" ".join(words))
        else:
            found = self.index.search_glob(words[0]) if "*" in words[0] else self.index.search(words[0])
        weight = self.index.query_weight(words) or 1.0
        return {uid: score / weight for uid, score in found.items()} if found else {}


class TextQuery(Protocol):
    """What a term asks of the index."""

    def estimate(self) -> int:
        """About how many documents match, at most."""

    def candidates(self) -> Iterable[int]:
        """Documents, among which are all those that match; may repeat some."""

    def matches(self, uid: int) -> bool:
        """Does that document match?"""

    def uid_set(self) -> LLSet | None:
        """All documents that match, or None when that needs a test of each (phrases)."""


class _Words:
    """Any of some words."""

    def __init__(self, postings: list[Postings]) -> None:
        self.postings = postings

    def estimate(self) -> int:
        return sum(map(_size, self.postings))

    def candidates(self) -> Iterator[int]:
        return chain.from_iterable(known.keys() for known in self.postings)

    def matches(self, uid: int) -> bool:
        return any(uid in known for known in self.postings)

    def uid_set(self) -> LLSet | None:
        return multiunion([LLSet(known.keys()) for known in self.postings])


class _Phrase(_Words):
    """Words next to one another, in that order: looked for in the documents of the rarest of them."""

    def __init__(self, index: MergingOkapiIndex, wids: list[int]) -> None:
        super().__init__(sorted((index.postings(wid) for wid in wids), key=_size)[:1])
        self._docwords = index._docwords
        self._code = encode(wids)

    def matches(self, uid: int) -> bool:
        return super().matches(uid) and self._code in self._docwords.get(uid, "")

    def uid_set(self) -> None:
        return None


def _size(postings: Postings) -> int:
    """The number of documents of a word: exact while small, estimated from the shape of a large tree."""
    if isinstance(postings, dict):
        return len(postings)
    size = 1
    node: Any = postings
    while True:
        state = node.__getstate__()
        if state is None:
            return 0
        if len(state) == 1:  # a tree of one bucket keeps it in its own record
            return size * len(node)
        size *= (len(state[0]) + 1) // 2
        node = state[0][0]
        if not isinstance(node, type(postings)):
            return size * len(node)
