"""Copies of the database with its files, made while it is in use; and back again.

A backup folder of a FileStorage holds ``data/`` (repozo's full and incremental files) and ``blobs/``. Blob files never
change after their commit, so they are hard links where the file system is the same, and copied once where it is not.
Data.fs is copied first and the blobs after it: every blob that a copied transaction names is there then. Only a pack
removes blobs, so it and a backup exclude each other (`packing_lock`).

Any other engine is copied whole, transaction by transaction, into a FileStorage (``engine/``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zc.lockfile
from ZODB.BaseStorage import BaseStorage
from ZODB.FileStorage import FileStorage
from ZODB.utils import p64, readable_tid_repr, u64, z64

from wendelin.core.database.engines import read_configuration, translated_errors
from wendelin.core.database.object_database import Database
from wendelin.core.errors import DatabaseError, DatabaseLocked

MAGIC_SIZE = 4
BLOB_SUFFIX = ".blob"


@contextmanager
def packing_lock(folder: Path) -> Iterator[None]:
    """Held by a pack and by a backup of one instance; `DatabaseLocked` when the other holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = zc.lockfile.LockFile(str(folder / "packing.lock"))
    except zc.lockfile.LockError as error:
        raise DatabaseLocked("a pack or a backup of this instance is running: wait until it is done") from error
    try:
        yield
    finally:
        lock.close()


def back_up_file_storage(data: Path, blobs: Path, folder: Path, full: bool = False) -> str:
    """Add the present state to the backup in ``folder``; returns a sentence about it.

    :raises DatabaseError: repozo could not read or write.
    """
    repository = make_private_folder(folder / "data")
    run_repozo("--backup", "--file", str(data), "--repository", str(repository), *(["--full"] if full else []))
    newest = max(repository.glob("*fs*"), key=lambda path: path.name)
    kind = "full" if newest.suffix == ".fs" else "incremental"
    copied = link_blobs(blobs, folder / "blobs") if blobs.is_dir() else 0
    return f"{kind} backup: {newest.name} ({newest.stat().st_size} bytes), {copied} new blobs, in {folder}"


def restore_file_storage(folder: Path, target: Path, date: str | None = None) -> str:
    """Make ``target/Data.fs`` and ``target/blobs`` from a backup; ``date`` as YYYY-MM-DD-HH-MM-SS, UTC.

    :raises DatabaseError: there is a database already, or the backup is not whole.
    """
    data = target / "Data.fs"
    if data.exists():
        raise DatabaseError(f"{data} exists: restore into an empty folder (--var), or move it away first")
    if not (folder / "data").is_dir():
        raise DatabaseError(f"{folder} holds no backup of a FileStorage")
    make_private_folder(target)
    when = ["--date", date] if date else []
    try:
        run_repozo("--recover", "--with-verify", "--repository", str(folder / "data"), "--output", str(data), *when)
    finally:
        data.with_name(data.name + ".part").unlink(missing_ok=True)  # what a failed one leaves behind
    last = last_tid(data)
    copied = link_blobs(folder / "blobs", target / "blobs", last) if (folder / "blobs").is_dir() else 0
    return f"restored {data} up to {readable_tid_repr(last)} with {copied} blobs"


def make_private_folder(folder: Path) -> Path:
    """The folder, closed to others: a copy of the database holds password hashes and everybody's data."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def run_repozo(*arguments: str) -> None:
    """Run ZODB's own backup program, repozo; the last line that it prints becomes a `DatabaseError`."""
    command = [sys.executable, "-m", "ZODB.scripts.repozo", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, umask=0o077)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or ["no message"]
        raise DatabaseError(f"the backup program repozo failed: {lines[-1]}")


def last_tid(data: Path) -> bytes:
    """The id of the last transaction in a whole Data.fs, 8 zero bytes for an empty one.

    Read from the end, where the last record says its own length: opening the file as a database would index it first.
    """
    with data.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        if end <= MAGIC_SIZE:
            return bytes(z64)
        stream.seek(end - 8)
        length: int = u64(stream.read(8))
        stream.seek(end - 8 - length)
        tid: bytes = stream.read(8)
        return tid


def link_blobs(source: Path, target: Path, last: bytes = p64(2**64 - 1)) -> int:
    """Bring to ``target`` the committed blob files of ``source`` that it lacks, up to transaction ``last``.

    Returns how many blobs that were.
    """
    count = 0
    make_private_folder(target)
    for folder, folders, names in os.walk(source):
        here = Path(folder)
        if here == source:
            folders[:] = [name for name in folders if name != "tmp"]  # what is not committed yet
        there = target / here.relative_to(source)
        there.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in names:
            if is_wanted(name, last) and not (there / name).exists():
                link_or_copy(here / name, there / name)
                count += name.endswith(BLOB_SUFFIX)
    return count


def is_wanted(name: str, last: bytes) -> bool:
    """Whether a file of the blob folder belongs into a copy of the state of transaction ``last``.

    ``.layout`` says how folders are nested, and ``0x<tid>.blob`` is a blob; all else is locks and leftovers.
    """
    if not name.endswith(BLOB_SUFFIX):
        return name == ".layout"
    return bool(int(name.removesuffix(BLOB_SUFFIX), 16) <= u64(last))


def link_or_copy(source: Path, target: Path) -> None:
    """Give the same bytes a second name, or copy them where the file system cannot; never half a file."""
    try:
        os.link(source, target)
    except OSError:
        temporary = target.with_name(target.name + ".part")
        shutil.copy2(source, temporary)
        temporary.replace(target)


def back_up_engine(database: Database, folder: Path) -> str:
    """Copy a database of any engine, with the history that it has, to ``folder/engine``; replaces the last copy."""
    temporary, target = folder / "engine.part", folder / "engine"
    shutil.rmtree(temporary, ignore_errors=True)
    make_private_folder(temporary)
    copy = FileStorage(str(temporary / "Data.fs"), blob_dir=str(temporary / "blobs"))
    try:
        copy.copyTransactionsFrom(database.zodb.storage)
        last = copy.lastTransaction()
    finally:
        copy.close()
    shutil.rmtree(target, ignore_errors=True)
    temporary.replace(target)
    return f"full backup up to {readable_tid_repr(last)} in {target}"


def restore_engine(folder: Path, config_path: Path) -> str:
    """Copy a backup, of this engine or of another, into the empty database of a ZConfig file.

    :raises DatabaseError: the database holds data, or there is no such backup.
    """
    source = folder / "engine"
    if not source.is_dir():
        raise DatabaseError(f"{folder} holds no backup of an engine (a FileStorage's is restored without zodb.conf)")
    # not through a `Database`: opening one would write the root object, and the target has to be empty
    with translated_errors():
        target = read_configuration(config_path).config.storage.open()
        try:
            return copy_into_empty(source, target)
        finally:
            target.close()


def copy_into_empty(source: Path, target: BaseStorage) -> str:
    """Copy a backup's FileStorage into an open storage of any engine; `DatabaseError` unless that is empty."""
    if target.lastTransaction() not in (None, z64):
        raise DatabaseError("the database is not empty: restore into a new one")
    storage = FileStorage(str(source / "Data.fs"), blob_dir=str(source / "blobs"), read_only=True)
    try:
        target.copyTransactionsFrom(storage)
        return f"restored up to {readable_tid_repr(storage.lastTransaction())}"
    finally:
        storage.close()
