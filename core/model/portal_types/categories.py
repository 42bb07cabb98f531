"""Categories: trees of words that documents are classified by, and base categories, which are kinds of relation.

``portal_categories/<base category>/<category>/<category>``. A document's relations are strings;
`wendelin.core.model.objects.relations` makes the methods that read and write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ACCESS, MANAGE, READABLE_PERMISSION_MAP, private, protected

INDENT = "\u00a0" * 4


class _CategoryNode(Folder):
    """What base categories and categories share: title, description, order, and children."""

    description: str = ""
    int_index: int = 0
    editable_attributes = frozenset({"description", "int_index"})

    @protected(ACCESS)
    def getCategoryChildValueList(self, **kw: Any) -> list[Document]:
        """All categories below, each before those below it, by order number and title."""
        found = []
        for child in sorted(self.iterate(), key=lambda node: (node.int_index, node.getTitle())):
            found.append(child)
            found.extend(child.getCategoryChildValueList())
        return found

    @protected(ACCESS)
    def getCategoryChildLogicalPathItemList(self, base: bool = False, **kw: Any) -> list[tuple[str, str]]:
        """``[("Big Data/Ingestion", "big_data/ingestion"), ...]`` for selection fields."""
        return [
            (node.getLogicalPath(), node.getCategoryRelativeUrl(base=base)) for node in self.getCategoryChildValueList()
        ]

    @protected(ACCESS)
    def getCategoryChildTitleItemList(self, base: bool = False, **kw: Any) -> list[tuple[str, str]]:
        """``[("Ingestion", "big_data/ingestion"), ...]``: titles alone."""
        return [(node.getTitle(), node.getCategoryRelativeUrl(base=base)) for node in self.getCategoryChildValueList()]

    @protected(ACCESS)
    def getCategoryChildIndentedTitleItemList(self, base: bool = False, **kw: Any) -> list[tuple[str, str]]:
        """As `getCategoryChildTitleItemList`, each title moved to the right as deep as it stands in the tree."""
        return [
            (node.getIndentedTitle(), node.getCategoryRelativeUrl(base=base))
            for node in self.getCategoryChildValueList()
        ]

    @private
    def add_tree(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Make categories below from the mappings of ``categories/<base>.toml``; existing ones are kept as they are."""
        for entry in entries:
            child = self.get_child(entry["id"]) or self.newContent(entry["id"], portal_type="Category")
            unknown = sorted(set(entry) - {"id", "title", "description", "int_index", "category"})
            if unknown:
                raise BadRequest(f"category {child.getRelativeUrl()} has no {', '.join(unknown)}")
            for key in ("title", "description", "int_index"):
                if key in entry and getattr(child, key) != entry[key]:
                    setattr(child, key, entry[key])
            child.add_tree(entry.get("category", ()))


class CategoryTool(Folder):
    """``portal_categories``: base categories by id."""

    portal_type = "Category Tool"
    permission_map = READABLE_PERMISSION_MAP

    @protected(ACCESS)
    def getBaseCategoryList(self) -> list[str]:
        """The ids of the base categories."""
        return list(self)

    @protected(MANAGE)
    def resolveCategory(self, relative_url: str) -> Any:
        """The category at ``use/big_data``, or None."""
        return self.unrestrictedTraverse(relative_url, None)


class BaseCategory(_CategoryNode):
    """A kind of relation. Where ``acquisition_base_category_list`` has "parent", a document without such a relation of
    its own has its container's."""

    portal_type = "Base Category"
    acquisition_base_category_list: tuple[str, ...] = ()
    editable_attributes = frozenset({"acquisition_base_category_list"})


class Category(_CategoryNode):
    """A word of a classification."""

    portal_type = "Category"

    @protected(ACCESS)
    def getCategoryRelativeUrl(self, base: bool = False) -> str:
        """``big_data/ingestion``, or with ``base`` ``use/big_data/ingestion``."""
        names = self.getRelativeUrl().split("/")[1:]
        return "/".join(names if base else names[1:])

    @protected(ACCESS)
    def getLogicalPath(self) -> str:
        """The titles from the top: ``Big Data/Ingestion/Stream Ingestion``."""
        return "/".join(reversed([node.getTitle() for node in self._ancestry()]))

    @protected(ACCESS)
    def getIndentedTitle(self) -> str:
        """The title behind four spaces, which do not break, for each category above."""
        return INDENT * (len(list(self._ancestry())) - 1) + self.getTitle()

    def _ancestry(self) -> Iterator[Document]:
        node: Any = self
        while isinstance(node, Category):
            yield node
            node = node.getParentValue()
