"""Actions, forms and dialogs of portal types, and the site's global actions: plain values in business templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wendelin.core.model.objects.properties import Property, from_data


@dataclass(frozen=True)
class Action:
    """Something that a user can choose on a document, or anywhere (``category`` "global" or "user").

    ``action`` is a URL in which ``${object_url}`` and ``${portal_url}`` are filled in. It is offered when the user has
    ``permission`` on the document and ``condition`` (an expression; empty: always) holds.
    """

    id: str
    title: str = ""
    action_type: str = "object_view"
    action: str = ""
    condition: str = ""
    permission: str = "View"
    priority: float = 1.0
    icon: str = ""
    category: str = "object"
    description: str = ""

    def url(self, object_url: str, portal_url: str) -> str:
        """The action's address; a leading ``string:`` is the original's way of writing and means nothing here."""
        text = self.action.removeprefix("string:")
        return text.replace("${object_url}", object_url).replace("${portal_url}", portal_url)


@dataclass(frozen=True)
class Form:
    """A tab of a document: which properties it shows, in which order."""

    id: str
    title: str = ""
    field_list: tuple[str, ...] = ()
    permission: str = "View"
    condition: str = ""
    priority: float = 10.0
    description: str = ""


@dataclass(frozen=True)
class Dialog:
    """A page that asks for some values and calls ``method`` of the document with them."""

    id: str
    title: str = ""
    label: str = ""
    method: str = ""
    submit_label: str = "OK"
    permission: str = "Modify portal content"
    message: str = ""
    field: tuple[Property, ...] = ()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Dialog:
        """Build from a mapping whose ``field`` is a list of property mappings."""
        field_list = tuple(from_data(Property, entry) for entry in data.get("field", ()))
        return from_data(cls, {key: value for key, value in data.items() if key != "field"} | {"field": field_list})
