"""Parsing while the garbage collector runs code that parses: what CPython 3.11 does wrong, and we keep it from."""

from __future__ import annotations

import ast
import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wendelin.core import management
from wendelin.core.bigdata.arrays.python_parsing import parsing_alone
from wendelin.core.model.scripting.restricted.compiling import compile_expression
from wendelin.core.model.scripting.templates import compile_template
from wendelin.core.web.page_templates import PageTemplateFile

TEMPLATES = Path(management.__file__).parent / "templates"
SOURCE = "\n".join(f"<p>${{context.a{n}(b, c[{n}].d) + {n}}}</p>" for n in range(30))


def parse_deep(depth: int) -> None:
    if depth:
        parse_deep(depth - 1)
    else:
        ast.parse("a + b", mode="eval")


def parse_meanwhile(phase: str, info: object) -> None:
    """What a finalizer may do."""
    if phase == "start":
        parse_deep(50)


@pytest.fixture
def eager_collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.callbacks.append(parse_meanwhile)
    gc.set_threshold(100, 1000, 1000)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(parse_meanwhile)


@pytest.mark.usefixtures("eager_collector")
class TestDuringCollections:
    """Each of these raises SystemError without `parsing_alone` on Python 3.11."""

    def test_template(self) -> None:
        for number in range(20):
            compile_template("a page", f"<i>{number}</i>{SOURCE}")

    def test_file(self) -> None:
        for path in sorted(TEMPLATES.glob("*.pt")):
            PageTemplateFile(str(path), macro=None).cook_check()

    def test_expression(self) -> None:
        for number in range(200):
            compile_expression("an expression", f"a.b({number}) + [c, d][e]")


def test_collector_is_as_it_was() -> None:
    with parsing_alone(), parsing_alone():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with parsing_alone():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_one_at_a_time() -> None:
    order: list[str] = []

    def other() -> None:
        with parsing_alone():
            order.append("other")

    with parsing_alone():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]
