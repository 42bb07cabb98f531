"""The contracts between the rooms of the house, and between the platform and its plugins.

Protocols, so that nothing has to inherit from them: what has these methods fits. Each says what callers may count on,
and what must never happen. Names on documents are ERP5's;
docs/inside/architecture.md is the reference for their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class IDocument(Protocol):
    """Anything with a place in a site. Its path is its URL; its ``uid`` never changes."""

    __name__: str
    portal_type: str
    uid: int
    categories: tuple[str, ...]

    def getPath(self) -> str:
        """``/erp5/data_stream_module/1``."""

    def getProperty(self, id: str, default: Any = None) -> Any:
        """The document's own value. It never acquires: a container's title is not its children's."""

    def edit(self, **kw: Any) -> None:
        """Change properties: all of them or, when one value is bad, none. Tells subscribers once."""


@runtime_checkable
class IFolder(IDocument, Protocol):
    """A document with children."""

    def get_child(self, name: str) -> Any:
        """The child or None; costs one BTree lookup, asks for no rights, acquires nothing."""

    def newContent(
        self, id: str | None = None, portal_type: str | None = None, temp_object: bool = False, **kw: Any
    ) -> Any:
        """A new child, complete when `wendelin.core.model.objects.events.DocumentAdded` is told; refused whole or
        made whole.
        """

    def iterate(self, portal_type: str | Iterable[str] | None = None) -> Iterator[Any]:
        """Children one at a time, so that memory does not grow with their number."""


class ISkinMethod(Protocol):
    """A method that is data: a script, a template, a file, or a trusted function named by a business template."""

    id: str
    layer: str

    @property
    def published(self) -> str:
        """The permission that reaches it by URL; empty: it is never reached by URL."""

    def bind(self, context: Any) -> Callable[..., Any]:
        """The method as an attribute of ``context``."""


class IIndexedColumn(Protocol):
    """A catalog column: a value of a document, and the index that finds documents by it."""

    name: str
    kind: str


class IPluginConfig(Protocol):
    """What a plugin's ``includeme(config)`` may call; see `wendelin.core.registry.PluginConfig`."""

    def register(self, kind: str, name: str, value: Any, depth: int = 1, **options: Any) -> None:
        """Record. It must have no other effect: plugins are loaded in processes that never serve a request."""


class IConfiguration(Protocol):
    """A choice on "Configure your Site": a named set of business templates with options."""

    title: str
    description: str


class IByteReader(Protocol):
    """Bytes that a download streams: never read whole."""

    def __call__(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes ``start`` to ``end`` (exclusive) in blocks of bounded size."""


class IBigFile(Protocol):
    """Bytes larger than memory that take part in transactions."""

    size: int

    def append(self, data: Any) -> None:
        """Add bytes at the end, in time proportional to what is added. Concurrent appends all succeed."""

    def read(self, offset: int, size: int) -> bytes:
        """A copy of at most ``size`` bytes."""

    def iterate(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end`` (exclusive) in blocks."""


class ITransactionalDatabase(Protocol):
    """The object database, whichever engine keeps it (`wendelin.core.database.Database`)."""

    def run(self, function: Callable[[Any], Any], attempts: int = 5) -> Any:
        """``function(connection)`` in a transaction that is tried again after a conflict. It may run several times."""
