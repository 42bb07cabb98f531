"""Things that happen once per transaction and document."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import transaction

from wendelin.core.interfaces import IDocument

_KEY = "wendelin.core.model.workflow.once_per_transaction"


def transaction_of(document: IDocument) -> Any:
    """The transaction in which a change of ``document`` will commit."""
    place: IDocument | None = document
    while place is not None:
        connection = getattr(place, "_p_jar", None)
        if connection is not None:
            return connection.transaction_manager.get()
        place = getattr(place, "__parent__", None)
    return transaction.get()


def first_time(document: IDocument, what: Hashable) -> bool:
    """True the first time that this is asked for ``document`` and ``what`` in its transaction."""
    current = transaction_of(document)
    try:
        seen = current.data(_KEY)
    except KeyError:
        seen = {}
        current.set_data(_KEY, seen)
    key = (id(document), what)
    if key in seen:
        return False
    seen[key] = document  # kept, so that its id() is not given to another object
    return True


def before_commit(document: IDocument, function: Callable[[], None]) -> None:
    """Call ``function`` when the transaction of ``document`` starts to commit."""
    transaction_of(document).addBeforeCommitHook(function)
