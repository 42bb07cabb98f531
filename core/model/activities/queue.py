"""Activities: calls that are made later, by worker processes, in transactions of their own.

    document.activate(tag="import", after_tag="prepare").appendRows(1, 200)

The message is stored in the transaction of the caller: if that does not commit, nothing is ever run. A worker
(`wendelin.core.model.activities.worker`) calls the method with the identity and the present rights of the caller; the
effects, and the mark that the message is done, commit together, so a message takes effect exactly once, whatever is
killed when.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from heapq import merge
from typing import Any
from zlib import crc32

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from wendelin.core import contracts
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.interfaces import IDocument
from wendelin.core.model.activities.message import (
    ActivityMessage,
    Key,
    State,
    as_names,
    as_pairs,
    as_utc,
    check_arguments,
    parse_key,
)
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import (
    ACCESS,
    MANAGE,
    MANAGER_PERMISSION_MAP,
    get_user,
    private,
    protected,
    public,
    require_attribute,
)

QUEUES = 16
TOKENS = 64
MANY_DONE = 5000
PREFETCH = 500
#: Keeps a queue's last bucket from ever being empty or new: both make concurrent writers conflict.
SENTINEL: Key = (1 << 60, 0, 0)
DEFAULT_PRIORITY = 1
#: What ERP5 code passes and what makes no difference here.
IGNORED = frozenset({"activity", "group_method_id", "group_method_cost", "group_id", "node", "active_process"})


class SerialToken(Persistent):
    """Changed by whoever claims messages of a serialization tag: two workers that claim at once conflict."""

    count = 0


class ActivityTool(Folder):
    """``portal_activities``: the queue."""

    # Everybody's scripts may name the tool and ask what is pending; only managers see messages and change them.
    permission_map: Mapping[str, Any] = {**MANAGER_PERMISSION_MAP, ACCESS: ("Anonymous", "Authenticated", "Manager")}
    _queue_list: tuple[OOBTree, ...] = ()
    _token_list: tuple[SerialToken, ...] = ()

    def _initialise(self) -> None:
        self._queue_list = tuple(OOBTree({SENTINEL: None}) for _ in range(QUEUES))
        self._token_list = tuple(SerialToken() for _ in range(TOKENS))

    # -- putting in

    @private
    def put(self, message: ActivityMessage, priority: int = DEFAULT_PRIORITY) -> ActivityMessage:
        """Store a message. Processes write to queues of their own, at their ends, so that they seldom conflict."""
        number = secrets.randbits(48)
        message.key = (int(priority), time.time_ns(), number)
        message.created = datetime.now(UTC)
        message.user_id = message.user_id or get_user().id
        self._queue_list[hash((os.getpid(), threading.get_ident())) % QUEUES][message.key] = message
        return message

    # -- looking

    @private
    def messages(self, *state_list: State) -> Iterator[ActivityMessage]:
        """Messages in the order in which they are to be run; of the states named, else all that are not done."""
        wanted = state_list or (State.PENDING, State.FAILED)
        for message in self._records():
            if message.state in wanted:
                yield message

    @private
    def prefetch(self) -> None:
        """Fetch the messages that this connection has not seen yet from the database server, many at a time."""
        unseen = [m for queue in self._queue_list for m in queue.values() if m is not None and m._p_changed is None]
        for start in range(0, len(unseen), PREFETCH):
            self._p_jar.prefetch(unseen[start : start + PREFETCH])
            for message in unseen[start : start + PREFETCH]:
                message._p_activate()

    def _records(self) -> Iterator[ActivityMessage]:
        for _, message in merge(*(queue.items() for queue in self._queue_list), key=lambda item: item[0]):
            if message is not None:
                yield message

    @protected(MANAGE)
    def getMessageList(self, **kw: Any) -> list[ActivityMessage]:
        """What is pending or has failed, in order; filtered by attributes such as ``path``, ``tag``, ``state``."""
        return [message for message in self.messages() if message.is_like(kw)]

    @private
    def get_message(self, id: str) -> ActivityMessage:
        """The message of that id; `NotFound`."""
        key = parse_key(id)
        for queue in self._queue_list:
            message: ActivityMessage | None = queue.get(key)
            if message is not None:
                return message
        raise NotFound(f"{self.getPath()}: there is no activity {id}")

    @public
    def countMessage(self, **kw: Any) -> int:
        """How many are pending or have failed; filtered as `getMessageList`."""
        return sum(message.is_like(kw) for message in self.messages())

    @public
    def countMessageWithTag(self, tag: str) -> int:
        """How many messages with that tag are pending or have failed."""
        return self.countMessage(tag=tag)

    @public
    def hasActivity(self, document: Document | None = None, **kw: Any) -> bool:
        """Whether anything is pending or has failed: on ``document``, or in the whole site."""
        if document is not None:
            kw["path"] = document.getRelativeUrl()
        return any(message.is_like(kw) for message in self.messages())

    # -- what a person does about failures

    @protected(MANAGE)
    def restart(self, id: str) -> None:
        """Let a failed message be tried again, or one that waits for its next try be tried now."""
        message = self.get_message(id)
        message.state, message.retry, message.at_date, message.claim = State.PENDING, 0, None, None

    @protected(MANAGE)
    def cancel(self, id: str) -> None:
        """Drop a message without running it."""
        self.drop(self.get_message(id))

    @protected(MANAGE)
    def flush(self, document: Document, method_id: str | None = None) -> int:
        """Drop all messages of a document (for a method); returns how many."""
        path = document.getRelativeUrl()
        found = [m for m in self.messages() if m.path == path and method_id in (None, m.method_id)]
        for message in found:
            self.drop(message)
        return len(found)

    @private
    def drop(self, message: ActivityMessage) -> None:
        """Take a message out of its queue. A worker that runs it at this moment conflicts, and does not commit."""
        message.state = State.DONE
        for queue in self._queue_list:
            if queue.get(message.key) is message:
                del queue[message.key]

    @private
    def sweep(self, before: datetime) -> int:
        """Forget what is done in queues that nobody has written to since then; returns how many messages.

        A transaction of its own. Deleting can make somebody conflict who is adding to the same queue, so a queue in use
        is left alone until a good deal has come together.
        """
        limit = int(before.timestamp() * 1e9)
        count = 0
        for queue in self._queue_list:
            done = [key for key, message in queue.items() if message is not None and message.state is State.DONE]
            in_use = any(key[1] >= limit for key in queue)
            if done and (not in_use or len(done) >= MANY_DONE):
                for key in done:
                    del queue[key]
                count += len(done)
        return count

    @private
    def token(self, serialization_tag: str) -> SerialToken:
        """The record that claims of that tag change; tags share a fixed number of them."""
        return self._token_list[crc32(serialization_tag.encode()) % TOKENS]

    # -- running here and now

    @private
    def tic(self, timeout: float = 60.0) -> int:
        """Run what is due, in this process, until nothing is left; returns how many messages took effect.

        For tests and scripts: it commits the present transaction, and one per message. What fails is kept as failed
        at once. Raises `TimeoutError`.
        """
        from wendelin.core.model.activities.running import run_all

        return run_all(self, timeout)


@contracts.activate.provides
def activate(document: IDocument, restricted: bool, options: Mapping[str, Any]) -> ActivityProxy:
    """What ``document.activate(...)`` returns: each call of a method on it stores a message.

    ``tag`` names the message; ``after_tag``, ``after_method_id``, ``after_path``, ``after_path_and_method_id`` and
    ``after_tag_and_method_id`` wait until no such message is left; messages of one ``serialization_tag`` never run
    at the same time; ``at_date`` is the earliest moment; a smaller ``priority`` (default 1) runs first.
    """
    if document.isTempObject():
        raise BadRequest(f"{document!r} is temporary: no worker can find it")
    kw = dict(options)
    restricted = bool(kw.pop("restricted", False)) or restricted  # a script cannot switch it off
    values: dict[str, Any] = {"restricted": restricted, "path": document.getRelativeUrl()}
    for name in ("tag", "serialization_tag"):
        values[name] = str(kw.pop(name, None) or "")
    for name in ("after_tag", "after_method_id", "after_path"):
        values[name] = as_names(kw.pop(name, None))
    for name in ("after_path_and_method_id", "after_tag_and_method_id"):
        values[name] = as_pairs(kw.pop(name, None))
    values["at_date"] = as_utc(kw.pop("at_date", None))
    priority = kw.pop("priority", DEFAULT_PRIORITY)
    unknown = sorted(set(kw) - IGNORED)
    if unknown:
        raise TypeError(f"activate() takes no {', '.join(unknown)}")
    return ActivityProxy(document, values, priority)


class ActivityProxy:
    """Stands for a document: calling a method on it stores a message instead."""

    __slots__ = ("_document", "_priority", "_values")

    def __init__(self, document: IDocument, values: dict[str, Any], priority: int) -> None:
        self._document, self._values, self._priority = document, values, priority

    @classmethod
    def attribute_permission_of(cls, proxy: Any, name: str) -> str:
        """Scripts may name any method: `__getattr__` checks it on the document."""
        return "(public)"

    def __getattr__(self, method_id: str) -> Any:
        if method_id.startswith("_"):
            raise AttributeError(method_id)
        if self._values["restricted"]:
            require_attribute(self._document, method_id)
        if not callable(getattr(self._document, method_id)):
            raise TypeError(f"{self._document.getPath()}: {method_id!r} is no method")
        return _Enqueue(self._document, method_id, self._values, self._priority)


class _Enqueue:
    def __init__(self, document: IDocument, method_id: str, values: dict[str, Any], priority: int) -> None:
        self._document, self._method_id, self._values, self._priority = document, method_id, values, priority

    def __call__(self, *args: Any, **kw: Any) -> None:
        document = self._document
        check_arguments(f"{document.getPath()}.{self._method_id}", args, kw)
        message = ActivityMessage()
        message.method_id, message.args, message.kw = self._method_id, args, kw
        for name, value in self._values.items():
            setattr(message, name, value)
        document.getPortalObject().portal_activities.put(message, self._priority)
