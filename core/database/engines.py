"""Database engines: from a ZConfig file to a `ZODB.DB`, and from an engine's own errors to ours.

Any storage that ZODB knows can be named in the file: FileStorage, a ZEO client, RelStorage, NEO. What all of them
share is done here: the class factory is always installed, a combination that loses data is refused, and "the engine
is away", which each driver says with a class of its own, becomes one error.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zc.lockfile
import ZConfig
import ZODB
import ZODB.broken
import ZODB.config
from transaction.interfaces import TransientError
from ZEO.Exceptions import ClientDisconnected, ServerException
from ZODB.Connection import Connection
from ZODB.POSException import InvalidObjectReference, POSError

from wendelin.core.database.object_ids import ObjectDB
from wendelin.core.errors import (
    DatabaseConfigurationError,
    DatabaseLocked,
    DatabaseUnavailable,
    StorageFull,
    WendelinError,
)
from wendelin.core.registry import class_aliases

logger = logging.getLogger(__name__)

# (module, class) of what drivers raise when the server is away. Drivers are optional: none is imported for this.
AWAY_CLASSES = (
    ("psycopg2", "OperationalError"),
    ("psycopg2", "InterfaceError"),
    ("relstorage.storage.interfaces", "StorageDisconnectedDuringCommit"),
    ("neo.client.exception", "NEOStorageError"),
    ("neo.client.exception", "NEOPrimaryMasterLost"),
)

FULL_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
# Of the machine: files that cannot be opened or written for a while, whatever their content.
PASSING_NUMBERS = (errno.EMFILE, errno.ENFILE, errno.EIO, errno.EAGAIN, errno.ENOMEM, errno.EROFS, errno.ESTALE)
PASSING_CLASSES = (TransientError, POSError, ServerException, CancelledError)

_reported_broken: set[tuple[str, str]] = set()


def class_factory(connection: Connection | None, module: str, name: str) -> Any:
    """The class of a record: follows aliases; a class that is gone gives a placeholder that keeps the state.

    The placeholder (`ZODB.broken.Broken`) can be read and refuses changes, so the record stays whole until the plugin
    that brought the class is installed again.
    """
    key = (module, name)
    for _ in range(len(class_aliases)):  # a chain of aliases is at most that long; a cycle ends here too
        if key not in class_aliases:
            break
        key = class_aliases[key]
    found = ZODB.broken.find_global(*key)
    if isinstance(found, type) and issubclass(found, ZODB.broken.Broken) and key not in _reported_broken:
        _reported_broken.add(key)
        logger.warning("class %s.%s is not installed: its objects load as read-only placeholders", *key)
    return found


def is_broken(obj: object) -> bool:
    """True for the placeholder of an object whose class is not installed."""
    return isinstance(obj, ZODB.broken.Broken)


def is_away(error: BaseException) -> bool:
    """True when the error says that the engine is away, so that it is worth trying again later."""
    if isinstance(error, DatabaseUnavailable | ClientDisconnected):
        return True
    for module, name in AWAY_CLASSES:
        away_class = getattr(sys.modules.get(module), name, None)
        if away_class is not None and isinstance(error, away_class):
            return True
    return False


def is_full(error: BaseException) -> bool:
    """True when the error says that a disk is full: ours, the database server's, or PostgreSQL's."""
    if isinstance(error, OSError):
        return error.errno in FULL_NUMBERS
    if isinstance(error, ServerException):  # ZEO sends the class's name and the arguments
        return error.args[:1] == ("builtins.OSError",) and error.args[1][0] in FULL_NUMBERS
    return getattr(error, "pgcode", None) == "53100"


def is_passing(error: BaseException) -> bool:
    """True for an error of the engine or of the machine: it says nothing about the data, which may be stored later.

    A conflict, an engine that is away, a full disk, a connection that was lost in the middle of a commit, too many open
    files. Errors that were raised on purpose (`WendelinError`) are about the data, but for those that say the opposite.
    """
    if is_away(error) or is_full(error):
        return True
    if isinstance(error, WendelinError | InvalidObjectReference):
        return False
    return isinstance(error, PASSING_CLASSES) or getattr(error, "errno", None) in PASSING_NUMBERS


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns an engine's "I am away" into `DatabaseUnavailable` and "the disk is full" into `StorageFull`.

    Every other error passes.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, DatabaseUnavailable | StorageFull):
            raise
        if is_full(error):
            raise StorageFull(errno.ENOSPC, "the disk of the database is full; the transaction was undone") from error
        if not is_away(error):
            raise
        detail = str(error).strip().split("\n")[0] or type(error).__name__
        raise DatabaseUnavailable(f"the database does not answer ({detail})") from error


def open_engine(config_path: str | Path, name: str = "main") -> ZODB.DB:
    """Opens the ``<zodb>`` section of a ZConfig file; ``name`` chooses when there are several, a single one is taken.

    :raises DatabaseConfigurationError: the file is missing, wrong, names an engine that is not installed, or would
        lose data.
    :raises DatabaseLocked: another process has the file open.
    :raises DatabaseUnavailable: the server does not answer.
    """
    factory = read_configuration(config_path, name)
    try:
        with translated_errors():
            return open_section(factory.config, factory.name)
    except zc.lockfile.LockError as error:
        raise DatabaseLocked(f"the database of {config_path} is in use by another process ({error})") from error
    except (POSError, ValueError, ImportError) as error:
        raise DatabaseConfigurationError(f"cannot open the database of {config_path}: {error}") from error


# What a <zodb> section says besides its storage: our name for it is ZODB's, but for one.
SECTION_OPTIONS = (
    "pool_size",
    "cache_size",
    "cache_size_bytes",
    "historical_pool_size",
    "historical_cache_size",
    "historical_cache_size_bytes",
    "historical_timeout",
    "pool_timeout",
    "large_record_size",
)


def open_section(section: Any, name: str | None) -> ZODB.DB:
    """The database of a ``<zodb>`` section, with our class factory and connections (ZODB's own opener has neither)."""
    given = {name: getattr(section, name) for name in SECTION_OPTIONS}
    options = {name: value for name, value in given.items() if value is not None}
    if section.allow_implicit_cross_references is not None:
        options["xrefs"] = section.allow_implicit_cross_references
    storage = section.storage.open()
    try:
        options["database_name"] = section.database_name or name or ""
        return ObjectDB(storage, class_factory=class_factory, **options)
    except BaseException:
        storage.close()
        raise


def read_configuration(config_path: str | Path, name: str = "main") -> Any:
    """The checked ``<zodb>`` section of a file, not opened: ``.config.storage.config`` holds the engine's settings."""
    path = Path(config_path)
    if not path.is_file():
        raise DatabaseConfigurationError(f"there is no database configuration at {path}")
    try:
        config, _ = ZConfig.loadConfig(ZODB.config.getDbSchema(), str(path.absolute()))
    except ZConfig.ConfigurationError as error:
        raise DatabaseConfigurationError(f"{path}: {error}") from error
    except ImportError as error:
        raise DatabaseConfigurationError(
            f"{path} names an engine that is not installed ({error}); "
            "for PostgreSQL: pip install 'wendelin[postgresql]'"
        ) from error
    factory = choose_section(config.database, name, path)
    check_storage(factory.config.storage, path)
    return factory


def choose_section(factory_list: list[Any], name: str, path: Path) -> Any:
    """The section called ``name``, or the only one there is."""
    if len(factory_list) == 1:
        return factory_list[0]
    for factory in factory_list:
        if factory.name == name:
            return factory
    raise DatabaseConfigurationError(f"{path} has no section <zodb {name}>")


def check_storage(section: object, path: Path) -> None:
    """Refuses a missing storage, and the combination that loses data.

    NEO keeps no blobs, and ZODB's BlobStorage around it keeps them on this host only: other hosts lose the file.
    """
    if section is None:
        raise DatabaseConfigurationError(f"{path}: the section <zodb> names no storage")
    if isinstance(section, ZODB.config.BlobStorage) and type(section.config.base).__module__.startswith("neo."):
        raise DatabaseConfigurationError(
            f"{path}: <blobstorage> around NEO would lose every file written through it; "
            "remove the <blobstorage> section (big files are kept inside NEO instead)"
        )
