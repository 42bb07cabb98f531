"""The shapes that rooms of the house may count on without knowing who has them.

Protocols: nothing has to inherit from them; what has these attributes and methods fits. Lower rooms and plugins are
typed against them, and tests check every class that claims to fit (`tests/core/test_interfaces.py`). Names on documents
are ERP5's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class IDocument(Protocol):
    """Anything with a place in a site. Its path is its URL; its ``uid`` never changes.

    A document also answers names that its class does not have: accessors, workflow methods, skin methods, and what it
    acquires (`wendelin.core.model.objects.attributes`).
    """

    __name__: str
    __parent__: Any
    portal_type: str
    uid: int
    categories: tuple[str, ...]
    workflow_history: Any

    def __getattr__(self, name: str, /) -> Any: ...

    def getPath(self) -> str:
        """``/erp5/data_stream_module/1``."""

    def getRelativeUrl(self) -> str:
        """The path below the site: ``data_stream_module/1``."""

    def getPortalObject(self) -> Any:
        """The site that the document is in."""

    def getTypeInfo(self) -> ITypeInformation:
        """What its portal type says, compiled."""

    def getProperty(self, id: str, default: Any = None) -> Any:
        """The document's own value. It never acquires: a container's title is not its children's."""

    def edit(self, **kw: Any) -> None:
        """Change properties: all of them or, when one value is bad, none. Tells subscribers once."""

    def isTempObject(self) -> bool:
        """Whether the document is not kept."""


@runtime_checkable
class IFolder(IDocument, Protocol):
    """A document with children."""

    def get_child(self, name: str) -> Any:
        """The child or None; costs one BTree lookup, asks for no rights, acquires nothing."""

    def newContent(
        self, id: str | None = None, portal_type: str | None = None, temp_object: bool = False, **kw: Any
    ) -> Any:
        """A new child, complete when `DocumentAdded` is told; refused whole or made whole."""

    def __getitem__(self, name: str, /) -> Any: ...

    def __contains__(self, name: object, /) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...

    def iterate(self, portal_type: str | Iterable[str] | None = None) -> Iterator[Any]:
        """Children one at a time, so that memory does not grow with their number."""


@runtime_checkable
class ISite(IFolder, Protocol):
    """The root document."""

    @property
    def type_token(self) -> str:
        """Another text whenever types, skins or workflows changed."""

    def compiled(self, table: str) -> dict[Any, Any]:
        """This connection's table of that name, empty again after every change of `type_token`."""

    def touch_types(self) -> None:
        """Types, skins or workflows changed."""

    def type_information(self, portal_type: str) -> ITypeInformation:
        """The compiled portal type of that name."""


class ITypeInformation(Protocol):
    """A portal type, compiled: what lookups use."""

    @property
    def portal_type(self) -> str:
        """The name of the type."""

    @property
    def init_script(self) -> str:
        """The skin method that fills a new document; empty for none."""

    @property
    def permission(self) -> str:
        """What adding such a document needs beyond the usual; empty for nothing."""

    @property
    def id_generator(self) -> str:
        """How ids are made of what is added here."""

    @property
    def property_dict(self) -> Mapping[str, Any]:
        """Properties and relations by id, in form order."""

    @property
    def method_dict(self) -> Mapping[str, Callable[..., Any]]:
        """Every generated method by name."""

    @property
    def accessor_dict(self) -> Mapping[str, Callable[..., Any]]:
        """Those methods that come from properties and relations."""

    @property
    def allowed_content_type_list(self) -> tuple[str, ...]:
        """The portal types of what may be added here."""

    @property
    def hidden_content_type_list(self) -> tuple[str, ...]:
        """Those of them that menus do not offer."""

    @property
    def workflow_list(self) -> tuple[str, ...]:
        """The ids of the workflows, in order."""

    @property
    def type_group_list(self) -> tuple[str, ...]:
        """The groups that the type belongs to."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def description(self) -> str:
        """One sentence for those who add one."""

    @property
    def icon(self) -> str:
        """The address of its icon."""

    @property
    def field_list(self) -> tuple[str, ...]:
        """The properties that its form shows; empty for all."""

    @property
    def list_column_list(self) -> tuple[str, ...]:
        """The columns of lists of its documents."""

    @property
    def base_category_list(self) -> tuple[str, ...]:
        """The kinds of relation that its documents have."""

    @property
    def action_list(self) -> tuple[Any, ...]:
        """What its pages offer (`Action`)."""

    @property
    def form_list(self) -> tuple[Any, ...]:
        """Forms beside the default one (`Form`)."""

    @property
    def dialog_list(self) -> tuple[Any, ...]:
        """Pages that ask for values and call a method (`Dialog`)."""

    @property
    def document_class(self) -> type:
        """The class of its documents; `NotFound` when its plugin is not installed."""


@runtime_checkable
class ISkinMethod(Protocol):
    """A method that is data: a script, a template, a file, or a trusted function named by a business template."""

    @property
    def id(self) -> str:
        """The name by which it is called."""

    @property
    def layer(self) -> str:
        """The id of the skin layer that it comes from."""

    @property
    def published(self) -> str:
        """The permission that reaches it by URL; empty: it is never reached by URL."""

    def bind(self, context: Any) -> Callable[..., Any]:
        """The method as an attribute of ``context``."""


@runtime_checkable
class IByteReader(Protocol):
    """Bytes that are read in parts: a `BigFile`, a document that holds one, an array as bytes."""

    def read(self, offset: int, size: int) -> bytes:
        """A copy of at most ``size`` bytes from ``offset`` on."""

    def iterate(self, start: int = 0, end: int | None = None, /) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end`` (exclusive) in blocks of bounded size."""


@runtime_checkable
class IBigFile(IByteReader, Protocol):
    """Bytes larger than memory that take part in transactions."""

    @property
    def size(self) -> int:
        """The length in bytes."""

    def append(self, data: Any) -> None:
        """Add bytes at the end, in time proportional to what is added. Concurrent appends all succeed."""


@runtime_checkable
class IConfiguration(Protocol):
    """A choice on "Configure your Site": a named set of business templates with options."""

    @property
    def title(self) -> str:
        """What the page shows, and what names it."""

    @property
    def description(self) -> str:
        """One sentence below the title."""
