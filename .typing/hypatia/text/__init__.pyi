from collections.abc import Mapping

from hypatia.text.lexicon import Lexicon
from hypatia.text.okapiindex import OkapiIndex
from hypatia.text.parsetree import ParseTreeNode
from persistent import Persistent

class TextIndex(Persistent):
    lexicon: Lexicon
    index: OkapiIndex
    def __init__(self, discriminator: str, lexicon: Lexicon, index: OkapiIndex) -> None: ...
    def parse_query(self, querytext: str) -> ParseTreeNode: ...
    def apply(self, querytext: str) -> Mapping[int, float]: ...
