"""What may be deleted by hand, and how: for a page's menu, its confirmation, and lists."""

from __future__ import annotations

from wendelin.core.business_templates.business_template import BusinessTemplate
from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.core.model.accounts.users import UserFolder
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import DELETE, check_permission, get_user


def is_removable(document: Document) -> bool:
    """False for what goes another way: modules and tools with their template, templates by uninstalling."""
    container = document.__parent__
    if container is None or container.__parent__ is None:
        return False
    return not isinstance(document, BusinessTemplate)


def may_delete(document: Document) -> bool:
    """Deleting needs the permission on the document and on its container."""
    if not is_removable(document) or _is_own_account(document):
        return False
    return check_permission(DELETE, document) and check_permission(DELETE, document.__parent__)


def _is_own_account(document: Document) -> bool:
    return isinstance(document.__parent__, UserFolder) and document.getId() == get_user().id


def require_deletable(document: Document) -> None:
    """Raise `BadRequest` or `Unauthorized`, with the reason."""
    if not is_removable(document):
        raise BadRequest(f"{document.getTitle()} belongs to a business template: uninstall that to remove it.")
    if _is_own_account(document):
        raise BadRequest("You cannot delete your own account: another manager can.")
    if not may_delete(document):
        raise Unauthorized(f"{get_user().id!r} may not delete {document.getPath()}; nothing was deleted")


def delete_documents(container: Folder, documents: list[Document]) -> None:
    """Delete all of them, or none when one may not be."""
    for document in documents:
        require_deletable(document)
    if isinstance(container, UserFolder):
        for document in documents:
            container.del_user(document.getId())
    else:
        container.manage_delObjects([document.getId() for document in documents])
