"""``categories/<base_category>.toml``: a base category with the tree below it, or more of another template's tree.

``extends = true``, on the file or on a ``[[category]]``, says that another template owns that node and only what
stands below it is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wendelin.core.business_templates.checking.known import CATEGORIES, Known
from wendelin.core.business_templates.items.item import DocumentItem, Item, Record
from wendelin.core.business_templates.text.problems import Problem
from wendelin.core.business_templates.text.shapes import id_problems, shape_problems
from wendelin.core.business_templates.text.source_files import SourceFile, tables
from wendelin.core.model.objects.site import Site
from wendelin.core.model.portal_types.categories import BaseCategory, Category

Node = BaseCategory | Category
TEXT_KEYS: dict[str, Any] = {"title": str, "description": str, "int_index": int}
CATEGORY_KEYS: dict[str, Any] = {"id": str, "category": list, "extends": bool} | TEXT_KEYS
BASE_KEYS: dict[str, Any] = {
    "category": list,
    "extends": bool,
    "acquisition_base_category_list": list[str],
} | TEXT_KEYS


def read_categories(source: SourceFile, base: str) -> Iterator[Item]:
    """The base category of a file and every category below it, containers first."""
    kind: type[Item] = CategoryParent if source.data.get("extends") is True else BaseCategoryItem
    yield kind(source, CATEGORIES + base, source.data)
    yield from _read_below(source, CATEGORIES + base, source.data)


def _read_below(source: SourceFile, parent: str, data: Mapping[str, Any]) -> Iterator[Item]:
    for entry in tables(data, "category"):
        path = f"{parent}/{entry.get('id', '')}"
        yield (CategoryParent if entry.get("extends") is True else CategoryItem)(source, path, entry)
        yield from _read_below(source, path, entry)


class BaseCategoryItem(DocumentItem):
    """One base category: a kind of relation."""

    kind = "base_category"
    shape = BASE_KEYS

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems for base categories that it acquires from and that do not exist."""
        acquired = self.data.get("acquisition_base_category_list", ())
        yield from known.check(self, CATEGORIES, [name for name in acquired if name != "parent"])

    def check_shape(self) -> Iterator[Problem]:
        """Problems with the keys and types of the category, and with the ids of those directly below it."""
        yield from shape_problems(self.source, self.data, self.shape, self.id)
        yield from id_problems(self.source, "category", self.data.get("category", []))

    def make(self, site: Site) -> Node:
        """The base category, without the categories below it."""
        return self._fill(BaseCategory(), "Base Category")

    def _fill(self, category: Node, portal_type: str) -> Node:
        category.portal_type = portal_type
        category.title = self.data.get("title", self.id.replace("_", " ").title())
        for key in set(self.shape) & set(self.data) - {"id", "category", "extends", "title"}:
            value = self.data[key]
            setattr(category, key, tuple(value) if isinstance(value, list) else value)
        return category


class CategoryItem(BaseCategoryItem):
    """One category of a tree."""

    kind = "category"
    shape = CATEGORY_KEYS

    def make(self, site: Site) -> Node:
        """The category, without those below it."""
        return self._fill(Category(), "Category")


class CategoryParent(Item):
    """A node of another template, named because more stands below it."""

    kind = "category_parent"
    shape = {"id": str, "category": list, "extends": bool}
    is_extension = True
    is_document = False

    def check_shape(self) -> Iterator[Problem]:
        """Problems with other keys than those that name the node, and with the ids of what stands below it."""
        yield from shape_problems(self.source, self.data, self.shape, f"{self.id} (extends)")
        yield from id_problems(self.source, "category", self.data.get("category", []))

    def check(self, known: Known) -> Iterator[Problem]:
        """A problem when no category stands at the path."""
        yield from known.check(self, "", [self.path])

    def install(self, site: Site) -> Record | None:
        """Nothing: the node belongs to another template."""
        return None
