from typing import Any

from chameleon.zpt.template import PageTemplateFile

class PyramidPageTemplateFile(PageTemplateFile):
    macro: str | None
    def __init__(
        self, path: str, *, auto_reload: bool, debug: bool, translate: Any, macro: str | None, **config: Any
    ) -> None: ...

class ZPTTemplateRenderer:
    path: str
    lookup: Any
    macro: str | None
    def __init__(self, path: str, lookup: Any, macro: str | None = None) -> None: ...
