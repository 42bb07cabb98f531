"""What every kind of item of a business template can do: be checked, be installed, be removed from its record alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wendelin.core.business_templates.checking.known import Known
from wendelin.core.business_templates.checking.site_paths import detach, find
from wendelin.core.business_templates.text.problems import Problem
from wendelin.core.business_templates.text.shapes import Shape, shape_problems
from wendelin.core.business_templates.text.source_files import SourceFile
from wendelin.core.model.objects.creation import attach
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site

#: What an installed item leaves behind: ``kind``, ``path``, ``owned`` and what its removal needs; plain data, so that
#: a template can be removed when its plugin is gone.
Record = dict[str, Any]


@dataclass(frozen=True)
class Item(ABC):
    """One thing that a template brings. ``path`` is its place in the site, and nobody else may own it."""

    source: SourceFile
    path: str
    data: Mapping[str, Any] = field(default_factory=dict)

    kind: ClassVar[str]
    shape: ClassVar[Shape] = {}
    #: An extension adds to what another template owns: its path is shared.
    is_extension: ClassVar[bool] = False
    #: False for what is no document of its own but a part of one.
    is_document: ClassVar[bool] = True

    @property
    def template(self) -> str:
        """The title of the template."""
        return self.source.template

    @property
    def owned_paths(self) -> tuple[str, ...]:
        """The paths that no other template may bring."""
        return () if self.is_extension else (self.path,)

    @property
    def container_path(self) -> str:
        """The path of what holds the item; empty for the site."""
        return self.path.rpartition("/")[0]

    @property
    def id(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def skin_id(self) -> str:
        """The id under which documents find it as a method; empty for what is no skin method."""
        return ""

    def check_shape(self) -> Iterator[Problem]:
        """Problems with the keys and types of the item's own data."""
        yield from shape_problems(self.source, self.data, self.shape)

    @abstractmethod
    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with what the item says and refers to; asked only when its shape is right."""

    @abstractmethod
    def install(self, site: Site) -> Record | None:
        """Make it, and return the record that the remover of its kind undoes; None when nothing has to be undone."""

    def record(self, **details: Any) -> Record:
        """A record of this item."""
        return {"kind": self.kind, "path": self.path, "owned": self.owned_paths, **details}


class DocumentItem(Item):
    """An item that is one document at ``path``; it is removed by deleting that document."""

    @abstractmethod
    def make(self, site: Site) -> Document:
        """The document, not yet in its container."""

    def install(self, site: Site) -> Record:
        """Put what `make` makes into the container, and return a record of it."""
        container = find(site, self.container_path)
        attach(container, self.id, self.make(site))
        return self.record()


def remove_document(site: Site, record: Record) -> None:
    """Delete the document of a record; one that the user deleted before is no reason to fail."""
    container_path, _, id = record["path"].rpartition("/")
    container = find(site, container_path)
    if container is not None and container.get_child(id) is not None:
        detach(container, id)
