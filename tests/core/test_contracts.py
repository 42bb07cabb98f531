"""Contracts between rooms: each is filled, by the room that `core/contracts.py` names, and with the same parameters."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wendelin.core import contracts
from wendelin.core.errors import RegistrationError
from wendelin.core.registry import get_registry

SOURCE = Path(contracts.__file__).read_text("utf-8")
CONTRACTS = {name: value for name, value in vars(contracts).items() if isinstance(value, contracts.Contract)}


def promised_room(name: str) -> str:
    """The room in the last comment ``# -- filled by ROOM`` before the contract."""
    before = SOURCE[: SOURCE.index(f"\ndef {name}(")]
    return re.findall(r"# -- filled by ([\w.]+)", before)[-1]


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_contract_is_filled_by_its_room(name: str) -> None:
    get_registry()
    provider = CONTRACTS[name].provider
    assert provider is not None
    assert provider.__module__.startswith(promised_room(name) + ".")
    declared = list(inspect.signature(CONTRACTS[name].declaration).parameters)
    assert list(inspect.signature(provider).parameters)[: len(declared)] == declared


def test_a_declaration_does_nothing_by_itself() -> None:
    for contract in CONTRACTS.values():
        arguments = [None] * len(inspect.signature(contract.declaration).parameters)
        with pytest.raises(NotImplementedError):
            contract.declaration(*arguments)


def test_a_contract_is_filled_once() -> None:
    @contracts.Contract
    def answer() -> int:
        raise NotImplementedError

    @answer.provides
    def first() -> int:
        return 42

    assert answer() == 42 and first() == 42

    def second() -> int:
        return 43

    second.__module__ = "elsewhere"
    with pytest.raises(RegistrationError, match="filled twice"):
        answer.provides(second)


def test_a_contract_that_nobody_fills_says_so() -> None:
    @contracts.Contract
    def nothing() -> None:
        raise NotImplementedError

    with pytest.raises(RegistrationError, match="'nothing' is filled by no room"):
        nothing()


def test_a_call_before_anything_is_loaded_loads_the_rooms() -> None:
    program = (
        "from wendelin.core.model.objects.document import Document\n"
        "document = Document()\n"
        "document.portal_type = 'Paper'\n"
        "print(document.getTypeInfo().portal_type, document.isMemberOf('use'))\n"
    )
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "Paper False\n"
