"""The limits of a policy: who may send, under which tags, how much at a time, how often."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from fnmatch import fnmatchcase

from wendelin.core.errors import RateExceeded, RequestTooLarge, Unauthorized
from wendelin.core.model.objects.document import Document
from wendelin.core.security import get_user

MEBIBYTE = 1 << 20
DEFAULT_MAXIMUM_SIZE = 256  # MiB
KNOWN_POLICIES = 10_000


class Rates:
    """How many chunks each policy took in this process during the last minute: a bucket that fills evenly.

    A policy may take a minute's worth at once, when it was quiet for a minute before.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: Hashable, per_minute: int) -> float:
        """Take one; 0.0, or the seconds until there is one again."""
        now = time.monotonic()
        with self._lock:
            left, then = self._buckets.get(key, (float(per_minute), now))
            left = min(left + (now - then) * per_minute / 60, float(per_minute))
            taken = left >= 1
            self._buckets[key] = (left - 1 if taken else left, now)
            self._buckets.move_to_end(key)
            if len(self._buckets) > KNOWN_POLICIES:
                self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - left) * 60 / per_minute


_rates = Rates()


def maximum_size(policy: Document) -> int:
    """The largest chunk, in bytes."""
    return int((policy.getMaximumSize() or DEFAULT_MAXIMUM_SIZE) * MEBIBYTE)


class PolicyRateExceeded(RateExceeded):
    """A policy's rate is used up; unlike a limit on guessing, that is no fault of the client: later it is taken."""

    kind = "policy-rate-exceeded"


def check_tag(policy: Document, reference: str) -> None:
    """Raises `Unauthorized` for a tag that a policy does not take.

    It takes its *Allowed Tags*; without any, its own reference and what is below it, so that a right on one policy
    gives none on the streams of another.
    """
    own, patterns = policy.getReference() or policy.getId(), policy.getAllowedReferenceList()
    if patterns:
        is_taken = any(fnmatchcase(reference, pattern) for pattern in patterns)
    else:
        is_taken = reference == own or reference.startswith((f"{own}.", f"{own}/"))
    if not is_taken:
        taken = ", ".join(patterns) or f"{own} and what begins with {own}."
        raise Unauthorized(
            f"ingestion policy {policy.getId()!r} does not take the tag {reference!r}: it takes {taken} (Allowed Tags)"
        )


def check_limits(policy: Document, size: int) -> None:
    """Raises `Unauthorized`, `RequestTooLarge` or `RateExceeded`, with what the sender has to know."""
    users = policy.getAllowedUserList()
    if users and not any(fnmatchcase(get_user().id, pattern) for pattern in users):
        raise Unauthorized(f"the user {get_user().id!r} may not send to ingestion policy {policy.getId()!r}")
    if size > maximum_size(policy):
        raise RequestTooLarge(
            f"the chunk has {size} bytes; ingestion policy {policy.getId()!r} takes {maximum_size(policy)} at most"
        )
    per_minute = policy.getMaximumRate()
    if per_minute:
        wait = _rates.take((policy.getUid(), policy.getPath()), per_minute)
        if wait:
            message = f"ingestion policy {policy.getId()!r} takes {per_minute} chunks a minute: send larger ones"
            raise PolicyRateExceeded(message, retry_after=int(wait) + 1)
