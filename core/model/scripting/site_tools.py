"""Tools that scripts of ERP5 ask: ``portal_ids`` for numbers, ``portal_url`` for addresses, ``portal_callables`` for
scripts that are kept beside the skins.
"""

from __future__ import annotations

from typing import Any

from BTrees.OLBTree import OLBTree

from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ACCESS, READABLE_PERMISSION_MAP, private, protected

MAX_GROUP = 200
MAX_COUNT = 100_000
MAX_NUMBER = 2**60


class IdTool(Folder):
    """``portal_ids``: consecutive numbers by group. Each is given once; an aborted transaction gives its own back."""

    portal_type: str = "Id Tool"
    permission_map = READABLE_PERMISSION_MAP
    _last_ids: Any = None

    @protected(ACCESS)
    def generateNewId(self, id_group: str = "", default: int | None = None, **kw: object) -> int:
        """The next number of the group; the first is ``default``, or 0."""
        return self.generateNewIdList(id_group, 1, default)[0]

    @protected(ACCESS)
    def generateNewIdList(
        self, id_group: str = "", id_count: int = 1, default: int | None = None, **kw: object
    ) -> list[int]:
        """So many consecutive numbers of the group."""
        if not isinstance(id_group, str) or len(id_group) > MAX_GROUP:
            raise BadRequest(f"a group of ids is named by text of at most {MAX_GROUP} characters")
        if not 1 <= int(id_count) <= MAX_COUNT:
            raise BadRequest(f"between 1 and {MAX_COUNT} ids can be generated at once, not {id_count}")
        if abs(int(default or 0)) > MAX_NUMBER:
            raise BadRequest(f"numbers begin below {MAX_NUMBER}")
        last = self._numbers()
        first = last[id_group] + 1 if id_group in last else int(default or 0)
        last[id_group] = first + int(id_count) - 1
        return list(range(first, first + int(id_count)))

    @protected(ACCESS)
    def getLastGeneratedId(self, id_group: str = "", default: int | None = None) -> int | None:
        """The number that was given last, or ``default``."""
        return None if self._last_ids is None else self._last_ids.get(id_group, default)

    @private
    def _numbers(self) -> Any:
        if self._last_ids is None:
            self._last_ids = OLBTree()
        return self._last_ids


class UrlTool(Folder):
    """``portal_url``: where the site and its documents are."""

    portal_type: str = "Url Tool"
    permission_map = READABLE_PERMISSION_MAP

    @protected(ACCESS)
    def __call__(self) -> str:
        """The path of the site."""
        return self.getPortalPath()

    @protected(ACCESS)
    def getPortalPath(self) -> str:
        """The path of the site."""
        return str(self.getPortalObject().getPath())

    @protected(ACCESS)
    def getRelativeContentURL(self, document: IDocument) -> str:
        """The path of a document below the site."""
        return document.getRelativeUrl()
