"""What ``/metrics`` counts of ingestion, by policy: chunks and bytes that were stored, repeats, refusals."""

from __future__ import annotations

from transaction.interfaces import ITransaction

from wendelin.core.model.objects.document import Document
from wendelin.core.web.requests.metrics import count, count_committed, describe

describe("ingestion_chunks_total", "Chunks that were stored")
describe("ingestion_bytes_total", "Bytes of the chunks that were stored, as they came")
describe("ingestion_repeats_total", "Chunks that were sent again, and not stored a second time")
describe("ingestion_refusals_total", "Chunks that were refused, by what the policy's log calls it")


def count_stored(policy: Document, size: int) -> None:
    """A chunk is stored by the present transaction: it counts if and when that commits."""
    transaction = transaction_of(policy)
    if transaction is not None:
        count_committed(transaction, "ingestion_chunks_total", policy=policy.getId())
        count_committed(transaction, "ingestion_bytes_total", size, policy=policy.getId())


def count_repeat(policy: Document) -> None:
    """A chunk was there already; that it was sent again is noted by the present transaction."""
    transaction = transaction_of(policy)
    if transaction is not None:
        count_committed(transaction, "ingestion_repeats_total", policy=policy.getId())


def count_refusal(policy_id: str, kind: str) -> None:
    """A chunk was refused: ``kind`` is one of the few words of the policy's log."""
    count("ingestion_refusals_total", policy=policy_id, kind=kind)


def transaction_of(policy: Document) -> ITransaction | None:
    """The transaction that the policy is changed in; None for a policy that was never stored."""
    return None if policy._p_jar is None else policy._p_jar.transaction_manager.get()
