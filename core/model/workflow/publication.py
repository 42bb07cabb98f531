"""Skin methods of the publication of documents (trusted)."""

from __future__ import annotations

from typing import Any

from wendelin.core.interfaces import IDocument
from wendelin.core.model.workflow.definition import METHOD
from wendelin.core.model.workflow.engine import execute
from wendelin.core.model.workflow.methods import leaving
from wendelin.core.security import trusted_method

PUBLIC_STATES = ("shared", "shared_alive", "released", "released_alive", "published", "published_alive")


@trusted_method
def archive_older_versions(context: IDocument, state_change: dict[str, Any]) -> None:
    """Archive the other documents with the same type, reference and language that are shown in some way.

    ``Document_archiveOlderVersions``: what is shown under a reference is the version that was shown last. It needs no
    rights on the older versions: they are replaced, not deleted.
    """
    reference = context.getProperty("reference")
    if not reference:
        return
    language = context.getProperty("language")
    catalog = context.getPortalObject().portal_catalog
    found = catalog.unrestrictedSearchResults(
        portal_type=context.portal_type,
        reference={"query": reference, "key": "ExactMatch"},
        validation_state=list(PUBLIC_STATES),
    )
    for other in list(found.documents()):
        if other is context or other.getProperty("language") != language:
            continue
        for definition, transition in leaving(other, "archive", METHOD):
            execute(other, definition, transition, comment=f"replaced by {context.getRelativeUrl()}")
