from hypatia.text.lexicon import Lexicon
from hypatia.text.okapiindex import OkapiIndex
from persistent import Persistent

class TextIndex(Persistent):
    lexicon: Lexicon
    index: OkapiIndex
    def __init__(self, discriminator: str, lexicon: Lexicon, index: OkapiIndex) -> None: ...
