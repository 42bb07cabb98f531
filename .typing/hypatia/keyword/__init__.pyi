from typing import Any

from BTrees.LLBTree import LLSet, LLTreeSet
from BTrees.OOBTree import OOBTree
from persistent import Persistent

class KeywordIndex(Persistent):
    family: Any
    tree_threshold: int
    _fwd_index: OOBTree[Any, LLSet | LLTreeSet]
    def __init__(self, discriminator: str) -> None: ...
    def reset(self) -> None: ...
