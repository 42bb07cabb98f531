"""How many small faults in a part of the code its tests notice: mutants made by cosmic-ray, each tried in a fork.

A mutant exists in the memory of one forked process only: no file is ever changed, and the big packages are imported
once for all. docs/inside/mutation-testing.md says how to run it, and what was found.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import json
import os
import random
import resource
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from hypothesis import settings

PRELOADED = ("numpy", "ZODB.DB", "ZODB.FileStorage", "ZEO", "pyramid.config", "webtest", "hypothesis.strategies")
SAME = ("_Eq_Is", "_NotEq_IsNot", "_Is_Eq", "_IsNot_NotEq")  # no fault where constants and None are compared
#: Bytes that a test may fill: a mutant may ask for memory without end.
MOST_MEMORY = 6 << 30
#: A test that hangs ends the process.
OPTIONS = ("-xq", "-pno:cacheprovider", "--assert=plain", "--timeout=60", "--timeout-method=thread")


def type_lines(source: str) -> set[tuple[int, int]]:
    """Line and column of everything in annotations, which are never evaluated."""
    nodes = ast.walk(ast.parse(source))
    hints = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    spans = [(h.lineno, range(h.col_offset, h.end_col_offset or 0)) for h in hints if isinstance(h, ast.expr)]
    return {(line, column) for line, columns in spans for column in columns}


def find_mutants(path: Path) -> list[tuple[Path, str, str, int]]:
    """Every mutant of a file and its present text: an operator of cosmic-ray, and at which of its places it applies."""
    source, mutants = path.read_text("utf-8"), []
    tree, hints = get_ast(source), type_lines(source)
    for name in sorted(operator_names()):
        if not get_operator(name).arguments() and not name.endswith(SAME):
            places = [place for node in ast_nodes(tree) for place in get_operator(name)().mutation_positions(node)]
            mutants += [(path, source, name, number) for number, (start, _) in enumerate(places) if start not in hints]
    return mutants


def survives(tests: list[str], examples: int, path: Path | None = None, code: str = "") -> bool:
    """Whether the tests pass when ``path`` holds ``code``; what hangs has noticed it."""

    class Examples:
        def pytest_configure(self) -> None:
            settings.register_profile("mutation", max_examples=examples, deadline=None, database=None, derandomize=True)
            settings.load_profile("mutation")

    if not (process := os.fork()):
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
        output = os.open(os.devnull, os.O_WRONLY) if path else 2
        _ = [os.dup2(output, stream) for stream in (1, 2)]
        original: Any = SourceFileLoader.get_code

        def get_code(loader: SourceFileLoader, name: str) -> Any:
            return compile(code, loader.path, "exec") if Path(loader.path) == path else original(loader, name)

        SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]
        os._exit(pytest.main([*OPTIONS, *tests], [Examples()]))
    return os.waitpid(process, 0)[1] == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", nargs="+", required=True, type=Path, help="files to make mutants of")
    parser.add_argument("--tests", nargs="+", required=True, help="what pytest runs; it must not start other processes")
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=50, help="how many Hypothesis tries")
    options = parser.parse_args()
    _ = [importlib.import_module(module) for module in PRELOADED]
    if not survives(options.tests, options.examples):
        sys.exit("the tests fail without any mutant")
    mutants = [mutant for path in options.source for mutant in find_mutants(path.resolve())]
    sample = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    survivors: list[str] = []
    for count, (path, source, name, number) in enumerate(sample, 1):
        code = mutate_code(source, get_operator(name)(), number)
        assert code, (path, name, number)
        if survives(options.tests, options.examples, path, code):
            lines = difflib.unified_diff(source.splitlines(), code.splitlines(), lineterm="", n=0)
            survivors.append(f"{path.name}: " + " ".join(line for line in lines if line[:3] not in ("---", "+++")))
            print(survivors[-1], file=sys.stderr)
        print(f"{count} of {len(sample)}, {len(survivors)} survive", end="\r", file=sys.stderr)
    result = {"mutants": len(mutants), "tried": len(sample), "noticed": len(sample) - len(survivors)}
    print(json.dumps({**result, "survivors": survivors}, indent=1))


if __name__ == "__main__":
    main()
