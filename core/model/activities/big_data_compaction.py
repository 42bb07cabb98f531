"""What a site does for itself now and then: small pieces of big data are joined into large ones.

A stream that grows by small appends is kept in many runs. Reading many runs is slower, so the alarm
``compact_big_data`` looks for documents with too many of them, once an hour, and has each compacted by an activity.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.database import is_own_fault
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.site import group_type_list
from wendelin.core.security import trusted_method

logger = logging.getLogger(__name__)

MOST_FRAGMENTS = 2000
TYPE_GROUP = "data_sink"
TAG = "compact_big_data"
BATCH = 500


def big_files(document: IDocument) -> Iterator[BigFile]:
    """The big files that a document holds itself, those of its big arrays included."""
    document._p_activate()
    for value in vars(document).values():
        if isinstance(value, BigFile):
            yield value
        elif isinstance(value, BigArray):
            yield value.file


@trusted_method
def compact_fragmented(context: IDocument, **kw: Any) -> int:
    """``Alarm_compactBigData``: activities for all documents whose big data is in too many runs; how many there are."""
    site = context.getPortalObject()
    portal_types = group_type_list(site, TYPE_GROUP)
    if not portal_types:
        return 0
    found = 0
    brains = site["portal_catalog"].unrestrictedSearchResults(portal_type=portal_types)
    for number, document in enumerate(brains.documents(), 1):
        if is_fragmented(document):
            document.activate(tag=TAG, serialization_tag=f"{TAG} {document.getUid()}").Base_compactBigData()
            found += 1
        if number % BATCH == 0:
            # A site may have more streams than memory: let go of those that were looked at.
            site._p_jar.cacheGC()
    return found


def is_fragmented(document: IDocument) -> bool:
    """Whether a document's big data is in too many runs; False for one that cannot tell, which stops no other."""
    try:
        return any(file.fragments > MOST_FRAGMENTS for file in big_files(document))
    except Exception as error:
        if not is_own_fault(error):
            raise
        logger.exception("the big data of %s cannot be looked at", document.getPath())
        return False


@trusted_method
def compact_document(context: IDocument) -> None:
    """``Base_compactBigData``: join the runs of a document's big data. Readers and writers are not disturbed."""
    for file in big_files(context):
        file.compact()
