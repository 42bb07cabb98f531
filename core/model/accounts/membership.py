"""``portal_membership``: what scripts ask about the current user and what the user may do."""

from __future__ import annotations

from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import SERVICE_PERMISSION_MAP, User, check_permission, get_user, public, trusted_method


class MembershipTool(Folder):
    """Answers about the current user alone; it tells nothing about others."""

    portal_type: str = "Membership Tool"
    permission_map = SERVICE_PERMISSION_MAP

    @public
    def getAuthenticatedMember(self) -> User:
        """The current user: ``getUserName()``, ``getRoles()``, ``has_role(role, document)``."""
        return get_user()

    @public
    def isAnonymousUser(self) -> bool:
        """Whether nobody has logged in."""
        return get_user().is_anonymous

    @public
    def checkPermission(self, permission: str, document: IDocument) -> bool:
        """Whether the current user has the permission on the document."""
        return check_permission(permission, document)


@trusted_method
def check_permission_at(context: IDocument, relative_url: str, permission: str) -> bool:
    """``Base_checkPermission``: the same for the document at a path; False where there is none."""
    document = context.getPortalObject().unrestrictedTraverse(relative_url, None)
    return document is not None and check_permission(permission, document)
