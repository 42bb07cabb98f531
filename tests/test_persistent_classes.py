"""Class paths stand in every record of a database, so they are promises: none moves without an alias.

`persistent_classes.txt` is the frozen list. A class that has to move keeps its line, and gets
``config.add_class_alias("old.module:Class", "new.module:Class")``; a new class gets a new line.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from persistent import Persistent
from ZODB.FileStorage import FileStorage

from tests.conftest import make_storage
from tests.test_floors import MODULES
from wendelin.core.database import class_factory, is_broken
from wendelin.core.registry import get_registry, set_class_alias

LIST = Path(__file__).with_name("persistent_classes.txt")
FROZEN = LIST.read_text("utf-8").split()


def defined_classes() -> set[str]:
    """Every class of ours whose instances are records of their own."""
    found = set()
    for name in (name for name in MODULES if not name.endswith(".__main__")):
        for value in vars(import_module(name)).values():
            if isinstance(value, type) and issubclass(value, Persistent) and value.__module__ == name:
                found.add(f"{name}:{value.__qualname__}")
    return found


def named_in(data: bytes) -> Iterator[str]:
    """The classes and functions of ours that a record's pickles name."""
    strings: list[str] = []
    position = 0
    while position < len(data):
        for code, argument, place in pickletools.genops(data[position:]):
            if code.name == "GLOBAL" and str(argument).startswith("wendelin."):
                yield ":".join(str(argument).split(" "))
            elif code.name == "STACK_GLOBAL" and strings[-2].startswith("wendelin."):
                yield f"{strings[-2]}:{strings[-1]}"
            elif isinstance(argument, str):
                strings.append(argument)
            if code.name == "STOP":
                position += (place or 0) + 1
                break


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    """A database with a site that has every business template."""
    titles = [entry.name for entry in get_registry().get_list("business_template") if entry.name != "erp5_core"]
    storage = make_storage(tmp_path_factory.mktemp("everything"), *titles)
    yield storage
    storage.close()


def stored_classes(storage: FileStorage) -> set[str]:
    return {name for transaction in storage.iterator() for record in transaction for name in named_in(record.data)}


@pytest.mark.parametrize("path", FROZEN)
def test_every_class_of_the_list_is_still_found(path: str) -> None:
    get_registry()
    module, _, name = path.partition(":")
    found = class_factory(None, module, name)
    assert isinstance(found, type) and not is_broken(found.__new__(found)), f"{path} is gone: give it an alias"


def test_every_class_stands_in_the_list(everything: FileStorage) -> None:
    missing = (defined_classes() | stored_classes(everything)) - set(FROZEN)
    assert not missing, f"add to {LIST.name}: {' '.join(sorted(missing))}"


def test_the_list_is_sorted_and_has_nothing_twice() -> None:
    assert sorted(set(FROZEN)) == FROZEN


def test_a_class_that_moves_without_an_alias_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    get_registry()
    aliases: dict[Any, Any] = {}
    monkeypatch.setattr("wendelin.core.database.engines.class_aliases", aliases)
    monkeypatch.setattr("wendelin.core.registry.class_aliases", aliases)
    old = "wendelin.core.model.objects.folder", "FolderOfLastYear"
    assert issubclass(class_factory(None, *old), class_factory(None, "ZODB.broken", "Broken"))
    set_class_alias(":".join(old), "wendelin.core.model.objects.folder:Folder")
    assert class_factory(None, *old).__name__ == "Folder"
