"""Big files in transactions: the data manager and synchronizer of a connection's views.

Memory gets dirty without notice, so every end of a transaction looks at it. ``beforeCompletion`` cannot tell a commit
from an abort; hence the pages are written in ``tpc_begin`` of a data manager that sorts before the connection, which
then stores the changed map. ``tpc_vote`` makes the extents durable: the storage has them by then, and has not yet
committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from persistent import Persistent
from transaction.interfaces import (
    IDataManagerSavepoint,
    ISavepoint,
    ISavepointDataManager,
    ISynchronizer,
    ITransaction,
    NoTransaction,
)
from ZODB.Connection import Connection
from zope.interface import implementer

from wendelin.core.bigdata.extents.extent_files import sync_path
from wendelin.core.bigdata.extents.joint_extents import JointExtent
from wendelin.core.bigdata.extents.stores import store_of
from wendelin.core.bigdata.memory import address_space
from wendelin.core.bigdata.memory.lease import report_late_writes
from wendelin.core.bigdata.memory.thread_locks import lock_of
from wendelin.core.bigdata.memory.view import View
from wendelin.core.errors import StaleView

if TYPE_CHECKING:
    from wendelin.core.bigdata.bigfile import BigFile

MANY_VIEWS = 512
_ATTRIBUTE = "_wendelin_views"


@implementer(ISavepointDataManager, ISynchronizer)
class ViewManager:
    """All views of one open connection."""

    def __init__(self, jar: Connection) -> None:
        self.jar = jar
        self.transaction_manager = jar.transaction_manager
        self.views: dict[bytes, View] = {}
        self._extents: list[Persistent] = []
        self._joint: JointExtent | None = None
        self._joined: ITransaction | None = None
        self._lost: str | None = None
        self._paused = False
        jar.onCloseCallback(self._close)
        self.transaction_manager.registerSynch(self)

    def view(self, file: BigFile) -> View:
        """The file's view, made when first asked for."""
        view = self.views.get(file._p_oid) or self._new_view(file)
        if view.writable:
            self.join()
        return view

    def _new_view(self, file: BigFile) -> View:
        with lock_of(file):
            if (view := self.views.get(file._p_oid)) is None:
                self._forget_idle_views()
                view = self.views[file._p_oid] = View(file, writable=not self.jar.isReadOnly())
                view.paused = self._paused
            return view

    def _forget_idle_views(self) -> None:
        """Each view takes address space: keep those that somebody looks at, or may have written."""
        if len(self.views) >= MANY_VIEWS:
            self.views = {oid: view for oid, view in self.views.items() if not view.idle}

    def adopt(self, file: BigFile, view: View) -> None:
        """Take over the view of a file that has just been added to the database."""
        view.lock = lock_of(file)
        self.views[file._p_oid] = view

    def note_extent(self, handle: Persistent) -> None:
        """An extent was written in this transaction: make it durable before the commit."""
        self._extents.append(handle)
        if not self.join():  # written while the connection stores a file that is new to it: no vote of ours will come
            sync_path(store_of(handle).path(handle))

    def joint(self) -> JointExtent | None:
        """The extent that small appends of this transaction share; None where there is no vote to make it durable."""
        if not self.join():
            return None
        if self._joint is None or self._joint.is_full:
            self._end_joint()
            self._joint = JointExtent(self.jar)
            self.note_extent(self._joint.handle)
        return self._joint

    def _end_joint(self) -> None:
        if self._joint is not None:
            self._joint.close()
            self._joint = None

    def join(self) -> bool:
        """Take part in the current transaction, first of all: a savepoint must flush before the connection stores."""
        try:
            txn = self.transaction_manager.get()
        except NoTransaction:  # an explicit manager between transactions: looking is allowed
            return False
        if self._joined is not txn and txn.status in ("Active", "Doomed"):
            txn.join(self)
            txn._resources.insert(0, txn._resources.pop())
            self._joined = txn
            for savepoint in (
                txn._savepoint2index or ()
            ):  # from before: a rollback must not part us, arrays may be held on
                savepoint._savepoints[-1] = ViewSavepoint(self, None, late=not self.jar._needs_to_join)
        return self._joined is txn

    # ---------------------------------------------------------------- synchronizer

    def _pause(self, paused: bool) -> None:
        self._paused = paused
        for view in self.views.values():
            view.paused = paused

    def newTransaction(self, transaction: ITransaction) -> None:
        """Views that somebody holds show what the new transaction sees."""
        self._pause(False)
        self._follow()
        if any(view.leased and view.writable for view in self.views.values()):
            self.join()

    def beforeCompletion(self, transaction: ITransaction) -> None:
        """Look which pages were written; where there are any, we and the connection take part in the transaction."""
        for view in self._writable():
            if view.touched or view.leased:
                view.pending = view.written()
                if view.pending:
                    view.file.tail._p_changed = True  # the connection joins now: in tpc_begin it is too late
                    self.join()

    def afterCompletion(self, transaction: ITransaction) -> None:
        """After an abort drop what was written; show the present state, unless the next one begins explicitly."""
        self._joined, self._extents, self._lost = None, [], None
        self._end_joint()
        if transaction.status != "Committed":
            self._discard()
        self._pause(self.jar.explicit_transactions)  # the connection stays where it was until the next begin
        if not self.jar.explicit_transactions:
            self._follow()
        for view in self.views.values():
            view.touched, view.pending = view.leased, None
        report_late_writes()

    def _writable(self) -> list[View]:
        return [view for view in self.views.values() if view.writable]

    def _discard(self) -> None:
        for view in self._writable():
            if view.touched or view.leased:
                view.discard()

    def _follow(self) -> None:
        """Refresh what somebody looks at; the rest follows when it is asked for."""
        for oid, view in list(self.views.items()):
            if view.file._p_jar is None:  # its creation was aborted
                del self.views[oid]
                view.detach()
            elif view.leased:
                view.follow()

    # ---------------------------------------------------------------- data manager

    def sortKey(self) -> str:
        """Before every other data manager: the connection stores what :meth:`tpc_begin` changes."""
        return "\0"

    def tpc_begin(self, transaction: ITransaction) -> None:
        """Write the dirty pages as extents and enter them in the maps; `StaleView` when writes were lost before."""
        if self._lost:
            raise StaleView(self._lost)
        self._end_joint()
        for view in self._writable():
            if view.touched or view.leased:
                view.flush()

    def commit(self, transaction: ITransaction) -> None:
        """The pages are written; the connection stores the map."""

    def tpc_vote(self, transaction: ITransaction) -> None:
        """Make the extents of this transaction durable; the storage has them by now."""
        for store in {id(s): s for s in map(store_of, self._extents)}.values():
            store.sync(handle for handle in self._extents if store_of(handle) is store)

    def tpc_finish(self, transaction: ITransaction) -> None:
        """The extents are the storage's."""
        self._extents = []

    def tpc_abort(self, transaction: ITransaction) -> None:
        """The storage forgets the extents."""
        self._extents = []

    def abort(self, transaction: ITransaction) -> None:
        """What was written is forgotten; `afterCompletion` follows."""
        self._joined = None
        self._end_joint()
        self._discard()
        self._follow()

    def savepoint(self) -> ViewSavepoint:
        """Flush what was written so far, and have the connection remember it."""
        self._end_joint()  # the connection moves its file away
        for view in self._writable():
            if view.touched or view.leased:
                view.settle()
        # We need one of our own: to look at the connection's state after a rollback, and because a connection that
        # joins by our flush is too late for the savepoint that is being made.
        return ViewSavepoint(self, None if self.jar._needs_to_join else self.jar.savepoint())

    def show_again(self) -> None:
        """After a rollback of the connection: arrays that somebody holds show its state at once."""
        for view in self._writable():
            view.discard()
            view.forget_revision()
        self._follow()

    def _close(self) -> None:
        """The connection goes back to its pool."""
        self._end_joint()
        if self._joined is not None and any(view.written() for view in self._writable()):
            self._lost = "a connection was closed with unsaved writes to a big file"
        for view in self.views.values():
            view.detach()
        self.views = {}
        if self._lost is None:
            self.transaction_manager.unregisterSynch(self)
        delattr(self.jar, _ATTRIBUTE)


@implementer(IDataManagerSavepoint)
class ViewSavepoint:
    """A point in a transaction that views can come back to."""

    def __init__(self, manager: ViewManager, jar_savepoint: ISavepoint | None, late: bool = False) -> None:
        self.manager, self.jar_savepoint = manager, jar_savepoint
        self.late = late  # we joined after the connection did: what it does at a rollback comes before what we do

    def rollback(self) -> None:
        """Show the file as it was then, what was written since is forgotten: the connection first, then the views."""
        jar = self.manager.jar
        self.manager._end_joint()
        if self.jar_savepoint is not None:
            self.jar_savepoint.rollback()
        elif not self.late and not jar._needs_to_join:  # it changed nothing before the savepoint
            jar.abort(jar.transaction_manager.get())
        self.manager.show_again()


def manager_of(jar: Connection) -> ViewManager:
    """The view manager of an open connection."""
    manager = getattr(jar, _ATTRIBUTE, None)
    if manager is None:
        if jar.transaction_manager is None:
            raise StaleView("the connection of this big file is closed")
        manager = ViewManager(jar)
        setattr(jar, _ATTRIBUTE, manager)
    return manager


def view_of(file: BigFile, existing: bool = False) -> View | None:
    """The file's view in its connection; None where memory cannot be mapped.

    With ``existing`` also None when nobody can have written to it in this transaction: reading need not map.
    """
    if not address_space.SUPPORTED:
        return None
    jar = file._p_jar
    detached: View | None = file.__dict__.get("_v_view")
    if jar is None:
        if detached is None and not existing:
            detached = file._v_view = View(file, writable=True)
        return detached
    manager = manager_of(jar)
    if detached is not None:
        manager.adopt(file, detached)
        del file._v_view
    if existing:
        view = manager.views.get(file._p_oid)
        return view if view is not None and (view.touched or view.leased) else None
    return manager.view(file)


def note_extent(jar: Connection | None, handle: Persistent) -> None:
    """Remember an extent written in the connection's transaction."""
    if jar is not None:
        manager_of(jar).note_extent(handle)


def joint_of(jar: Connection) -> JointExtent | None:
    """The extent that the small appends of a connection's transaction share, if there can be one."""
    return manager_of(jar).joint()
