"""Nothing points at a file that is not there: links of pages, paths of files in pages, and ``docs/...`` in sources."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("core", "plugins", "configurator", "tests", "docs", "benchmarks", "examples")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
DOCS_PATH = re.compile(r"\bdocs/[a-z/-]+\.md\b")
#: A file or folder of the tree between backticks. Patterns, places within a file and examples of names are not meant.
TREE_PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./ -]*)`")


def find_files(*suffixes: str) -> list[Path]:
    """The files of the sources with these endings, as git knows them, those that are not added yet included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(path for name in names if (path := ROOT / name).suffix in suffixes and path.is_file())


PAGES = find_files(".md")
SOURCES = find_files(".py", ".md", ".toml", ".ini", ".conf", ".pt", ".sh")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchor_of(heading: str) -> str:
    """What GitHub makes of a heading: ``What maps, what copies`` -> ``what-maps-what-copies``."""
    return re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    wrong = []
    for link in LINK.findall(page.read_text("utf-8")):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target).resolve() if target else page
        if (
            not path.exists()
            or not path.is_relative_to(ROOT)
            or (anchor and anchor not in map(anchor_of, HEADING.findall(path.read_text("utf-8"))))
        ):
            wrong.append(link)
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    wrong = [path for path in TREE_PATH.findall(page.read_text("utf-8")) if not (ROOT / path).exists()]
    assert not wrong


def test_pages_that_sources_name_are_there() -> None:
    wrong = [
        f"{name_of(source)}: {path}"
        for source in SOURCES
        for path in DOCS_PATH.findall(source.read_text("utf-8"))
        if not (ROOT / path).is_file()
    ]
    assert not wrong


def test_every_page_is_reached_from_the_readme() -> None:
    """A newcomer who follows links from README.md meets every page of ``docs/``."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(page.read_text("utf-8")))
        targets = [(page.parent / link).resolve() for link in links if link.endswith(".md")]
        waiting += [path for path in targets if path.is_file()]
    assert not {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - reached


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "inside"], ids=name_of)
def test_modules_that_a_page_about_the_inside_names_are_there(page: Path) -> None:
    """Also those that it names by the end of their path, such as `extents/runs.py`."""
    files = [f"/{name_of(source)}" for source in SOURCES]
    names = set(re.findall(r"`([\w/]+\.py)`", page.read_text("utf-8")))
    assert not {name for name in names if not any(file.endswith(f"/{name}") for file in files)}
