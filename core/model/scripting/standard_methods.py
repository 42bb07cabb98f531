"""Methods that every document has by ERP5's names, as trusted methods of ``erp5_core`` (`core/template`).

A document has ``Base_log`` as ``log``, ``Base_isMovement`` as ``isMovement``, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther

from wendelin.core import contracts
from wendelin.core.errors import BadRequest, ValidationFailed
from wendelin.core.interfaces import IDocument
from wendelin.core.registry import trusted_method
from wendelin.core.security import CHANGE_LOCAL_ROLES, require_permission

MOVEMENT_GROUPS = frozenset({"movement", "delivery_movement", "data_movement"})
#: What stands for a value in a message: ``${name}``.
_SLOT = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_PAGE = re.compile(r"[A-Za-z0-9_@.-]*")


@trusted_method
def translate_string(
    context: IDocument, message: str, mapping: Mapping[str, object] | None = None, **kw: object
) -> str:
    """``Base_translateString``: the message with ``${name}`` filled in from ``mapping``. There is one language."""
    values = {str(key): str(value) for key, value in (mapping or {}).items()}
    return _SLOT.sub(lambda match: values.get(match[1] or match[2], match[0]), str(message))


@trusted_method
def redirect(
    context: IDocument, form_id: str = "view", keep_items: Mapping[str, object] | None = None, **kw: object
) -> HTTPSeeOther:
    """``Base_redirect``: the answer that leads a browser to a page of the document, never to another site.

    ``keep_items`` are the parameters of the address, such as ``portal_status_message``.
    """
    if not _PAGE.fullmatch(form_id or ""):
        raise BadRequest(f"Base_redirect: {form_id!r} is not the name of a page")
    query = urlencode({str(key): str(value) for key, value in (keep_items or {}).items()})
    path = f"{context.getPath()}/{form_id or 'view'}"
    return HTTPSeeOther(path + (f"?{query}" if query else ""))


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
    children = getattr(context, "iterate", None)
    return children is not None and any(is_movement(child) for child in children())
