"""The catalog at a million documents: what a page, a search and a new document cost, beside ten thousand.

    python benchmarks/catalog.py [--quick] [--dir DIR] [--documents N] [--small N] [--keep]

Prints one JSON object; the steps' own lines go to stderr as they come. ``--quick`` takes two minutes with 30,000
documents; the full run makes 1,000,000 (about 15 minutes on a quiet machine, some GB in DIR). Times are CPU
milliseconds of the process, best of several, so that a busy machine does not decide; ``cold`` is with an empty object
cache. Every step runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ZODB
from ZODB.FileStorage import FileStorage

from wendelin.core.database import Database, class_factory
from wendelin.core.model.catalog.index_queue import disabled
from wendelin.core.model.objects.site import create_site, get_site
from wendelin.core.security import SYSTEM, User, as_user

BATCH = 1000
#: The connection cache, in objects and in bytes: what bounds memory.
CACHE = {"cache_size": 30_000, "cache_size_bytes": 100_000_000}
USERS = {
    "system": SYSTEM,
    "manager": User("boss", frozenset({"Manager"})),
    "auditor": User("anna", frozenset({"Auditor"})),
}


def report(**facts: Any) -> None:
    """One JSON line."""
    print(json.dumps(facts), flush=True)


def peak_mib() -> float:
    """The largest resident size of this process so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    """The benchmark's database over FileStorage."""
    storage = FileStorage(str(folder / "Data.fs"), blob_dir=str(folder / "blobs"))
    with Database(ZODB.DB(storage, class_factory=class_factory, **CACHE)) as database:
        yield database


def make_site(database: Database) -> None:
    """A site with a module of samples."""
    from wendelin.core.business_templates import bootstrap
    from wendelin.core.model.portal_types.property_sheets import PropertySheet
    from wendelin.core.model.portal_types.types import PortalType

    with database.transaction() as connection:
        site = create_site(connection.root())
        bootstrap(site)
        sheet = PropertySheet.from_data("Benchmark", {"property": [{"id": "reference", "type": "string"}]})
        site["portal_property_sheets"]._setObject("Benchmark", sheet)
        types = site["portal_types"]
        types._setObject("Sample", PortalType.from_data("Sample", {"property_sheet_list": ["Benchmark"]}))
        types._setObject(
            "Sample Module", PortalType.from_data("Sample Module", {"allowed_content_type_list": ["Sample"]})
        )
        root_type = types[site.portal_type]
        root_type.allowed_content_type_list = (*root_type.allowed_content_type_list, "Sample Module")
        site.touch_types()
        site.newContent("sample_module", portal_type="Sample Module", title="Samples")


def build(folder: Path, documents: int) -> None:
    """Fill the module through ``newContent``, a thousand documents per transaction."""
    folder.mkdir(parents=True, exist_ok=True)
    started, cpu = time.monotonic(), time.process_time()
    with as_user(SYSTEM), opened(folder) as database:
        make_site(database)
        numbers = random.Random(1)
        for first in range(0, documents, BATCH):
            with database.transaction() as connection:
                module = get_site(connection)["sample_module"]
                for number in range(first, min(first + BATCH, documents)):
                    title = f"Sample {numbers.randrange(10**7):07d}"
                    module.newContent(title=title, reference=f"REF-{number}")
            if first // BATCH % 50 == 0:
                print(f"{first} documents, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    report(
        step="build",
        documents=documents,
        cpu_ms_per_document=round((time.process_time() - cpu) * 1000 / documents, 3),
        seconds=round(time.monotonic() - started, 1),
        data_bytes_per_document=round((folder / "Data.fs").stat().st_size / documents),
        peak_rss_mib=peak_mib(),
    )


def questions(documents: int, module_uid: int) -> dict[str, Callable[[Any], Any]]:
    """What is asked of the catalog: name -> function(catalog)."""
    middle = documents // 2
    listing = {"parent_uid": module_uid, "sort_on": "title"}
    return {
        "first_page": lambda catalog: [brain.title for brain in catalog(limit=30, **listing)],
        "first_page_with_type": lambda catalog: [b.title for b in catalog(limit=30, portal_type="Sample", **listing)],
        "middle_page": lambda catalog: [brain.title for brain in catalog(limit=(middle, 30), **listing)],
        "last_page_descending": lambda catalog: [
            brain.title
            for brain in catalog(parent_uid=module_uid, sort_on=[("title", "descending")], limit=(documents - 40, 30))
        ],
        "by_reference": lambda catalog: [brain.uid for brain in catalog(reference=f"REF-{middle}")],
        "by_reference_in_module": lambda catalog: catalog(parent_uid=module_uid, reference=f"REF-{middle}")[0].uid,
        "title_like": lambda catalog: [b.uid for b in catalog(title="%123%", limit=30, **listing)],
        "full_text": lambda catalog: [b.uid for b in catalog(SearchableText="sample", limit=30, **listing)],
        "count": lambda catalog: catalog.countResults(parent_uid=module_uid)[0][0],
        "count_with_type": lambda catalog: catalog.countResults(parent_uid=module_uid, portal_type="Sample")[0][0],
    }


def best(function: Callable[[], Any], times: int) -> float:
    """The least CPU time of several calls, in milliseconds."""
    found = []
    for _ in range(times):
        start = time.process_time()
        function()
        found.append(time.process_time() - start)
    return min(found) * 1000


def ask(folder: Path, documents: int) -> None:
    """Measure every question, for every user, warm and cold."""
    with opened(folder) as database:
        for name, user in USERS.items():
            with as_user(user), database.connect() as connection:
                site = get_site(connection)
                asked = questions(documents, site["sample_module"].getUid())
                for question, function in asked.items():
                    catalog = site.portal_catalog
                    function(catalog)
                    warm = best(lambda f=function, c=catalog: f(c), 15)

                    def cold_call(f: Callable[[Any], Any] = function) -> None:
                        f(get_site(connection).portal_catalog)

                    cold = []
                    for _ in range(3):
                        connection.cacheMinimize()
                        cold.append(best(cold_call, 1))
                    report(
                        step="ask",
                        documents=documents,
                        user=name,
                        question=question,
                        warm_ms=round(warm, 3),
                        cold_ms=round(min(cold), 3),
                        peak_rss_mib=peak_mib(),
                    )


def compare(rows: list[dict]) -> dict[str, dict[str, dict[str, float]]]:
    """The ratios that are claimed: user -> question -> {"warm": ..., "cold": ...}."""
    cost = {(row["documents"], row["user"], row["question"]): row for row in rows}
    small, *_, large = sorted({documents for documents, _, _ in cost})
    ratios: dict[str, dict[str, dict[str, float]]] = {}
    for user in USERS:
        pairs = {name: (cost[small, user, name], cost[large, user, name]) for name in questions(2, 0)}
        pairs["middle_to_first_page"] = (cost[large, user, "first_page"], cost[large, user, "middle_page"])
        ratios[user] = {
            name: {kind: round(above[f"{kind}_ms"] / below[f"{kind}_ms"], 2) for kind in ("warm", "cold")}
            for name, (below, above) in pairs.items()
        }
    return ratios


def hypatia_cost(folder: Path, documents: int) -> None:
    """CPU and bytes per document, beside hypatia's own indexes over the same columns and values."""
    from catalog_peer import measure_peer

    folder.mkdir(parents=True, exist_ok=True)
    with as_user(SYSTEM), opened(folder) as database:
        make_site(database)
        with disabled(), database.transaction() as connection:
            module = get_site(connection)["sample_module"]
            for number in range(documents):
                module.newContent(title=f"Sample {number * 7919 % 10**6}", reference=f"REF-{number}")
        values = index_all(database, folder, documents)
    peer = measure_peer(folder / "peer", values, BATCH)
    ours = values.pop("cost")
    report(
        step="indexing",
        documents=documents,
        wendelin=ours,
        hypatia=peer,
        cpu_ratio=round(ours["cpu_us_per_document"] / peer["cpu_us_per_document"], 2),
        bytes_ratio=round(ours["bytes_per_document"] / peer["bytes_per_document"], 2),
    )


def index_all(database: Database, folder: Path, documents: int) -> dict:
    """Index what the module holds, a batch per transaction: the values, and under "cost" what it cost."""
    from wendelin.core.model.catalog.indexing import document_values

    values: dict[Any, Any] = {}
    size, cpu = (folder / "Data.fs").stat().st_size, 0.0
    for first in range(1, documents + 1, BATCH):
        with database.transaction() as connection:
            site = get_site(connection)
            catalog = site.portal_catalog
            batch = [site["sample_module"][str(n)] for n in range(first, min(first + BATCH, documents + 1))]
            columns = catalog.store.columns()
            for document in batch:
                values[document.getUid()] = document_values(document, catalog.store, columns)
            started = time.process_time()
            for document in batch:
                catalog.store.put(document.getUid(), values[document.getUid()], columns)
            cpu += time.process_time() - started
    written = (folder / "Data.fs").stat().st_size - size
    values["cost"] = {
        "cpu_us_per_document": round(cpu * 1e6 / documents, 1),
        "bytes_per_document": round(written / documents),
    }
    return values


def run(step: str, *arguments: Any) -> list[dict]:
    """Run a step in a process of its own; its lines are shown and returned."""
    command = [sys.executable, __file__, "--step", step, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    sys.stderr.write(done.stdout)
    return [json.loads(line) for line in done.stdout.splitlines()]


def measure(folder: Path, small: int, large: int, number: int) -> dict[str, Any]:
    """All steps, and what they claim."""
    facts: dict[str, Any] = {"benchmark": "catalog", "small": small, "large": large, "build": [], "ask": []}
    for documents in (small, large):
        place = folder / str(documents)
        if not (place / "Data.fs").exists():
            facts["build"] += run("build", place, documents)
        facts["ask"] += run("ask", place, documents)
    facts["ratios_large_to_small"] = compare(facts["ask"])
    (facts["indexing"],) = run("hypatia", folder / "hypatia", min(small, 5000))
    (facts["writers"],) = run("writers", folder / "writers", number)
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="30,000 documents beside 3,000")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--dir", type=Path, help="where the databases are made (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="keep the databases, and use those that are there")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step, folder, *rest = options.step
        return STEPS[step](Path(folder), *map(int, rest))
    large, small = (30_000, 3_000) if options.quick else (options.documents, options.small)
    folder = options.dir or Path(tempfile.mkdtemp(prefix="wendelin-catalog-"))
    try:
        print(json.dumps(measure(folder, small, large, 60 if options.quick else 300), indent=1))
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def writers(folder: Path, number: int) -> None:
    """Four processes that create documents over ZEO at the same time."""
    from catalog_writers import run_writers

    report(step="writers", **run_writers(folder, number, make_site))


STEPS: dict[str, Callable[..., None]] = {"build": build, "ask": ask, "hypatia": hypatia_cost, "writers": writers}

if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
