from collections.abc import Mapping
from typing import Any

from BTrees.IOBTree import IOBTree
from BTrees.Length import Length
from BTrees.LFBTree import LFBTree
from BTrees.LOBTree import LOBTree
from hypatia.text.lexicon import Lexicon
from persistent import Persistent

class OkapiIndex(Persistent):
    DICT_CUTOFF: int
    family: Any
    lexicon: Lexicon
    word_count: Length
    _wordinfo: IOBTree[dict[int, int] | LFBTree]
    _docwords: LOBTree[str]
    def __init__(self, lexicon: Lexicon) -> None: ...
    def index_doc(self, docid: int, text: str) -> int: ...
    def unindex_doc(self, docid: int) -> None: ...
    def _mass_add_wordinfo(self, wid2weight: Mapping[int, int], docid: int) -> None: ...
    def _add_wordinfo(self, wid: int, f: int, docid: int) -> None: ...
    def _del_wordinfo(self, wid: int, docid: int) -> None: ...
