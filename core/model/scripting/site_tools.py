"""Tools that scripts of ERP5 ask: ``portal_ids`` for numbers, ``portal_url`` for addresses, ``portal_callables`` for
scripts that are kept beside the skins.
"""

from __future__ import annotations

from typing import Any

from BTrees.OIBTree import OIBTree

from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import SERVICE_PERMISSION_MAP, private, public

MAX_GROUP = 200
MAX_COUNT = 100_000


class IdTool(Folder):
    """``portal_ids``: consecutive numbers by group. Each is given once; an aborted transaction gives its own back."""

    portal_type: str = "Id Tool"
    permission_map = SERVICE_PERMISSION_MAP
    _last_ids: Any = None

    @public
    def generateNewId(self, id_group: str = "", default: int | None = None, **kw: object) -> int:
        """The next number of the group; the first is ``default``, or 0."""
        return self.generateNewIdList(id_group, 1, default)[0]

    @public
    def generateNewIdList(
        self, id_group: str = "", id_count: int = 1, default: int | None = None, **kw: object
    ) -> list[int]:
        """So many consecutive numbers of the group."""
        if not isinstance(id_group, str) or len(id_group) > MAX_GROUP:
            raise BadRequest(f"a group of ids is named by text of at most {MAX_GROUP} characters")
        if not 1 <= int(id_count) <= MAX_COUNT:
            raise BadRequest(f"between 1 and {MAX_COUNT} ids can be generated at once, not {id_count}")
        last = self._numbers()
        first = last[id_group] + 1 if id_group in last else int(default or 0)
        last[id_group] = first + int(id_count) - 1
        return list(range(first, first + int(id_count)))

    @public
    def getLastGeneratedId(self, id_group: str = "", default: int | None = None) -> int | None:
        """The number that was given last, or ``default``."""
        return None if self._last_ids is None else self._last_ids.get(id_group, default)

    @private
    def _numbers(self) -> Any:
        if self._last_ids is None:
            self._last_ids = OIBTree()
        return self._last_ids


class UrlTool(Folder):
    """``portal_url``: where the site and its documents are."""

    portal_type: str = "Url Tool"
    permission_map = SERVICE_PERMISSION_MAP

    @public
    def __call__(self) -> str:
        """The path of the site."""
        return self.getPortalPath()

    @public
    def getPortalPath(self) -> str:
        """The path of the site."""
        return str(self.getPortalObject().getPath())

    @public
    def getRelativeContentURL(self, document: IDocument) -> str:
        """The path of a document below the site."""
        return document.getRelativeUrl()
