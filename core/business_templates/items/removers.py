"""How each kind of record is undone. Records outlive the plugin: nothing here needs the template's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from wendelin.core.business_templates.items.action_items import ActionItem, remove_action
from wendelin.core.business_templates.items.item import Record, remove_document
from wendelin.core.business_templates.items.permission_items import PermissionItem, remove_permission
from wendelin.core.business_templates.items.type_extensions import TypeExtensionItem, remove_extension

if TYPE_CHECKING:
    from wendelin.core.model.objects.site import Site

REMOVERS: Mapping[str, Callable[[Site, Record], None]] = {
    ActionItem.kind: remove_action,
    PermissionItem.kind: remove_permission,
    TypeExtensionItem.kind: remove_extension,
}


def remove(site: Site, record: Record) -> None:
    """Undo one record; most are documents, which are deleted."""
    REMOVERS.get(record["kind"], remove_document)(site, record)


def is_document(record: Record) -> bool:
    """True if the record stands for a whole document."""
    return record["kind"] not in REMOVERS
