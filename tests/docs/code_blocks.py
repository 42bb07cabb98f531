"""The code blocks of the documentation: found, and sorted by what their fence says.

The first word after the fence is the language; what follows says how the block is tested:

- ``python``: runs, after the blocks above it on its page and with their names.
- ``python script=<id>``, ``html script=<id>``: becomes a script or page template of the site.
- ``... file=<path>``: is a part of that file of the sources, letter by letter.
- ``toml template=<path>``: is that file of a business template, which is installed.
- ``toml settings=<name>``: is a settings file, or a part of one, read by what reads it on a site.
- ``... not-run="why"``: cannot be tested; `tests/docs/test_blocks.py` counts these.
- ``text``: no code, but what a program prints, or a tree of files.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += sorted((ROOT / "examples").rglob("README.md"))
FENCE = re.compile(r"^( *)```(.*)$")
NOT_RUN = "not-run"


@dataclass(frozen=True)
class Block:
    """A fenced block: ``page`` relative to the sources, ``line`` of its first line, ``options`` of its fence."""

    page: str
    line: int
    language: str
    text: str
    options: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def find_blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order. A block in a list is freed from its indentation."""
    lines = page.read_text("utf-8").splitlines()
    number = 0
    while number < len(lines):
        opening = FENCE.match(lines[number])
        number += 1
        if opening is None:
            continue
        start = number
        while lines[number].strip() != "```":
            number += 1
        text = textwrap.dedent("\n".join(lines[start:number])) + "\n"
        number += 1
        language, *options = shlex.split(opening[2]) or [""]
        pairs = dict(option.split("=", 1) for option in options)
        yield Block(page.relative_to(ROOT).as_posix(), start + 1, language, text, pairs)


def find_indented_blocks(page: Path) -> Iterator[int]:
    """The lines at which code begins that is only indented, and so says nothing about itself."""
    fenced = False
    before = ""
    margin = 0  # of the list that we are in
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            if item := re.match(r"\s*([-*]|\d+\.) +", line):
                margin = item.end()
            elif line and not line.startswith(" "):
                margin = 0
            if not before and line.startswith(" " * (margin + 4)):
                yield number
        before = line


BLOCKS = [block for page in PAGES if page.is_file() for block in find_blocks(page)]


def blocks_of(language: str, option: str | None = None) -> list[Block]:
    """The blocks of a language that can be tested; with that option, or (without one) with none at all."""
    found = [block for block in BLOCKS if block.language == language and NOT_RUN not in block.options]
    return [block for block in found if (option in block.options if option else not block.options)]
