"""Looking up documents by reference, and names for those that are made."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import Site


def find_document(site: Site, portal_type: str, reference: str, **states: Any) -> Document | None:
    """The document of that type with exactly that reference, or None; a ``%`` in it is not a wildcard."""
    query = {"query": reference, "key": "ExactMatch"}
    found: Document | None = site.portal_catalog.unrestrictedGetResultValue(
        portal_type=portal_type, reference=query, **states
    )
    return found


def free_id(module: Folder, reference: str) -> str:
    """``YYYYMMDD-<reference>``, with ``-2``, ``-3`` ... behind it for a second ingestion on the same day.

    Not random: see the module's text on several processes.
    """
    stem = f"{datetime.now(UTC):%Y%m%d}-" + re.sub(r"[^A-Za-z0-9._ -]", "-", reference).strip()[:120]
    id, number = stem, 1
    while id in module:
        number += 1
        id = f"{stem}-{number}"
    return id
