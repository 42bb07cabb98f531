"""Methods that every document has by ERP5's names, as trusted methods of ``erp5_core`` (`core/template`).

A document has ``Base_log`` as ``log``, ``Base_isMovement`` as ``isMovement``, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wendelin.core import contracts
from wendelin.core.errors import ValidationFailed
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.scripting.restricted.properties import require_property
from wendelin.core.registry import trusted_method
from wendelin.core.security import CHANGE_LOCAL_ROLES, require_permission

MOVEMENT_GROUPS = frozenset({"movement", "delivery_movement", "data_movement"})
#: What stands for a value in a message: ``${name}``.
_SLOT = re.compile(r"\$\{(\w+)\}|\$(\w+)")


@trusted_method
def translate_string(
    context: IDocument, message: str, mapping: Mapping[str, object] | None = None, **kw: object
) -> str:
    """``Base_translateString``: the message with ``${name}`` filled in from ``mapping``. There is one language."""
    values = {str(key): str(value) for key, value in (mapping or {}).items()}
    return _SLOT.sub(lambda match: values.get(match[1] or match[2], match[0]), str(message))


@trusted_method
def require_consistency(context: IDocument, **kw: object) -> None:
    """``Base_checkConsistency``: `ValidationFailed` with what is wrong with the document. For scripts of workflows."""
    problems = context.checkConsistency()
    if problems:
        raise ValidationFailed(problems)


@trusted_method
def update_roles(context: IDocument, **kw: object) -> None:
    """``updateRoleMapping`` and ``updateLocalRolesOnSecurityGroups``: let the catalog look at who may see this, anew.

    Roles follow at once from the states of workflows and from local roles; there is nothing else to be computed.
    """
    require_permission(CHANGE_LOCAL_ROLES, context)
    contracts.announce_viewers(context)


@trusted_method
def parent_relative_url(context: IDocument) -> str:
    """``getParentRelativeUrl``: the path of the container below the site; "" for what stands in the site itself."""
    parent = context.getParentValue()
    return "" if parent is None else str(parent.getRelativeUrl())


@trusted_method
def is_movement(context: IDocument) -> bool:
    """``isMovement``: whether the portal type belongs to a group of movements, or is a line."""
    groups: Any = context.getTypeInfo().type_group_list
    return not MOVEMENT_GROUPS.isdisjoint(groups) or context.getPortalType().endswith(" Line")


@trusted_method
def has_line_content(context: IDocument) -> bool:
    """``hasLineContent``: whether the document has lines."""
    return isinstance(context, Folder) and any(is_movement(child) for child in context.iterate())


@trusted_method
def no_children(context: IDocument, *args: object, **kw: object) -> list[IDocument]:
    """``objectIds``, ``objectValues`` and ``contentValues`` of a document that cannot hold others: none."""
    return []


@trusted_method
def no_content(context: IDocument) -> bool:
    """``hasContent`` of a document that cannot hold others."""
    return False


@trusted_method
def property_list(context: Document, key: str, default: object = None) -> list[Any]:
    """``getPropertyList``: the values of a property as a list; the caller needs the property's own permission."""
    require_property(context, key, context.getTypeInfo(), reads=True)
    value = context.getProperty(key, default)
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
