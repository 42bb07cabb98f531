"""How a document comes to be: its class, its identity, the states it begins in, and its first values.

`create` is the way of ``newContent``. It asks once for the portal type and goes on with that; each later room is passed
once: rights (`security`), states (`workflow`), values (`editing`), and at last the subscribers (the catalog).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from persistent import Persistent

from wendelin.core import contracts
from wendelin.core.errors import BadRequest, DisallowedContent, NotFound
from wendelin.core.interfaces import ITypeInformation
from wendelin.core.model.objects.ids import check_address, generate_id, new_uid
from wendelin.core.registry import import_named
from wendelin.core.security import get_user, require_permission

if TYPE_CHECKING:
    from wendelin.core.model.objects.document import Document
    from wendelin.core.model.objects.folder import Folder


@cache
def resolve_class(path: str) -> type:
    """The class at ``package.module.Class``; raises `NotFound` when the plugin is not installed."""
    module_name, _, name = path.rpartition(".")
    try:
        found: type = getattr(import_named(module_name), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise NotFound(f"class {path} is not there ({error}): is its plugin installed?") from error
    if not (isinstance(found, type) and issubclass(found, Persistent)):
        raise NotFound(f"{path} is no document class")
    return found


def instantiate(info: ITypeInformation) -> Any:
    """A new document of a portal type, not yet anywhere."""
    document = info.document_class()
    document.portal_type = info.portal_type
    return document


def identify(document: Document, owner: str | None = None) -> None:
    """Give a new document its number, its owner (the current user unless one is named) and its dates."""
    document.uid = new_uid()
    document._owner = get_user().id if owner is None else owner
    document.creation_date = document.modification_date = datetime.now(UTC)


def begin(document: Document, values: Mapping[str, Any] | None = None) -> None:
    """Put a document that knows its place into its first states, let its class prepare it, and give it its values."""
    contracts.begin_workflows(document)
    document._initialise()
    if values:
        document._edit(**values)


def attach(container: Folder, id: str, document: Document) -> None:
    """Place a new document, and tell subscribers (the catalog). Its portal type need not be allowed there."""
    identify(document)
    container._setObject(id, document)


def create(
    container: Folder, id: str | None, portal_type: str | None, temporary: bool, values: Mapping[str, Any]
) -> Any:
    """A new document in ``container``, refused whole or made whole (`Folder.newContent` says what is raised)."""
    info = _allowed_type(container, portal_type)
    if info.permission and not temporary:
        require_permission(info.permission, container)
    document = instantiate(info)
    document.__parent__ = container
    document.__name__ = _name(container, id, temporary)
    document.temporary = temporary or container.isTempObject()
    identify(document)
    begin(document)
    if info.init_script:
        getattr(document, info.init_script)(edit_kw=values)
    document._edit(**values)
    if not temporary:
        container._setObject(document.__name__, document)
    return document


def _name(container: Folder, id: str | None, temporary: bool) -> str:
    if temporary:
        return "temp" if id is None else str(id)
    if id is None:
        return generate_id(container)
    container._check_free(check_address(container, str(id)))
    return str(id)


def _allowed_type(container: Folder, portal_type: str | None) -> ITypeInformation:
    """The compiled type of what is to be created; `BadRequest` or `DisallowedContent` where it may not be added."""
    allowed = container.getTypeInfo().allowed_content_type_list
    if portal_type is None and len(allowed) == 1:
        portal_type = allowed[0]
    if portal_type is None:
        raise BadRequest(
            f"{container.getPath()}: say which portal_type to create: {', '.join(allowed) or 'none allowed'}"
        )
    if portal_type not in allowed:
        raise DisallowedContent(
            f"{container.getPath()} ({container.portal_type}) does not take {portal_type!r}; it takes: "
            f"{', '.join(allowed) or 'nothing'}"
        )
    info: ITypeInformation = container.getPortalObject().type_information(portal_type)
    return info
