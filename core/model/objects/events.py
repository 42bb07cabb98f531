"""What happens to documents, told to whoever asked: the catalog, workflows' interactions, plugins.

Events are plain objects; subscribers are functions. They run at once, in the order of registration, inside the
transaction that made the change, so that what they write commits or fails together with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wendelin.core.registry import get_registry

if TYPE_CHECKING:
    from wendelin.core.model.objects.document import Document
    from wendelin.core.model.objects.folder import Folder

Handler = Callable[[Any], None]


@dataclass(frozen=True)
class DocumentEvent:
    """Something happened to ``document``."""

    document: Document


@dataclass(frozen=True)
class DocumentAdded(DocumentEvent):
    """The document is now attached below ``container``."""

    container: Folder


@dataclass(frozen=True)
class DocumentModified(DocumentEvent):
    """Properties or categories changed: ``changed`` names them; empty when that is not known."""

    changed: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class DocumentMoved(DocumentEvent):
    """The document, or a container above it, has another path; it was ``old_path`` ("/erp5/a/b")."""

    old_path: str


@dataclass(frozen=True)
class DocumentRemoved(DocumentEvent):
    """The document is about to leave ``container``; its path can still be asked for."""

    container: Folder


@dataclass(frozen=True)
class StateChanged(DocumentEvent):
    """A workflow moved the document from ``old_state`` to ``new_state`` by transition ``action``."""

    workflow_id: str
    old_state: str | None
    new_state: str
    action: str


_extra: list[tuple[type, Handler]] = []


@contextmanager
def subscribed(event_class: type, handler: Handler) -> Iterator[None]:
    """Listen for the length of a ``with`` block; plugins subscribe for good with ``config.add_subscriber``."""
    entry = (event_class, handler)
    _extra.append(entry)
    try:
        yield
    finally:
        _extra.remove(entry)


def notify(event: DocumentEvent) -> None:
    """Call every subscriber of the event's class, or of a class above it. What a subscriber raises is not caught."""
    for registration in get_registry().get_list("subscriber"):
        event_class, handler = registration.value
        if isinstance(event, event_class):
            handler(event)
    for event_class, handler in tuple(_extra):
        if isinstance(event, event_class):
            handler(event)
