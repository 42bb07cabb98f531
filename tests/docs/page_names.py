"""What the Python of a page takes for granted: names that a reader has at that point, and documents that they made.

Each function is for one page. It gets the `Setting` of the test and returns the page's names.
"""

from __future__ import annotations

import csv
import io
import wave
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import ZODB
from ZODB.FileStorage import FileStorage

from tests.docs.code_blocks import ROOT, Block
from tests.web_fixtures import Server
from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.database import Database, class_factory
from wendelin.core.registry import PluginConfig, Registry

Names = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """Where the blocks of a page run: a site with `erp5_wendelin`, an open transaction, an empty working folder."""

    site: Any
    connection: Any
    database: Database
    folder: Path
    commit: Callable[[], None]
    add_type: Callable[..., Any]
    make_server: Callable[[], Server]
    resources: ExitStack

    def add_script(self, id: str, text: str, layer: str = "custom") -> None:
        self.site.portal_skins.layer(layer).put_file(f"{id}.py", text.encode())

    def add_stream(self, id: str = "1") -> Any:
        return self.site.data_stream_module.newContent(id, portal_type="Data Stream")


def activities(setting: Setting) -> Names:
    setting.add_script("DataStream_appendRows", '# wendelin: parameters="first, last"\n')
    setting.add_script("Alarm_handleAnalysis", "return\n")
    return {"site": setting.site, "document": setting.add_stream()}


def scripting(setting: Setting) -> Names:
    setting.add_stream().appendData(bytes(10))
    setting.add_script(
        "DataStream_transform", '# wendelin: parameters="start=0"\nreturn "transformed"\n', "erp5_wendelin"
    )
    return {"site": setting.site}


def workflows(setting: Setting) -> Names:
    setting.add_script("Measurement_tellCheckers", '# wendelin: parameters="state_change"\n')
    setting.add_type("Measurement", module="measurement_module", workflow_list=["measurement_workflow"])
    return {"context": setting.site}


def security(setting: Setting) -> Names:
    return {"document": setting.add_stream()}


def web(setting: Setting) -> Names:
    request = SimpleNamespace(tm=setting.connection.transaction_manager)
    return {"policy": setting.site.portal_ingestion_policies["pydata"], "request": request}


def catalog(setting: Setting) -> Names:
    setting.add_type("Sample", module="sample_module")
    setting.add_stream().setReference("pydata")
    return {
        "context": setting.site,
        "config": PluginConfig(Registry(), "documented"),
        "count_rows": lambda document: 1,
    }


def data_arrays(setting: Setting) -> Names:
    return {"context": setting.site, "rows": np.ones((3000, 2))}


def first_steps(setting: Setting) -> Names:
    return {"database": setting.database, "Path": Path, "__file__": str(ROOT / "examples/weather/weather/__init__.py")}


def ingestion(setting: Setting) -> Names:
    with wave.open("sound.wav", "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2000))
    stream = setting.site.data_stream_module.newContent(portal_type="Data Bucket Stream")
    return {"stream": stream, "data": b"a reading", "last": -1}


def out_of_core(setting: Setting) -> Names:
    import dask.array
    import scipy.io.wavfile
    import zarr

    from wendelin.core.bigdata.zarr_store import ArrayStore

    connection = open_file_database(setting)
    files = dict(_files())
    for name, file in files.items():
        connection.root()[f"a {name}"] = file
    array = connection.root()["an array"] = BigArray((0, 3), "f4")
    array.append(np.ones((1000, 3), "f4"))
    np.save("big.npy", np.arange(10))
    np.save("more.npy", np.arange(5))
    names = {"np": np, "csv": csv, "io": io, "wave": wave, "zipfile": zipfile, "scipy": scipy, "zarr": zarr}
    names |= {"dask": dask, "ArrayStore": ArrayStore, "connection": connection, "A": array}
    names |= {"values": np.ones((5000, 3), "f4"), "numbers": np.arange(4), "transaction": Transactions(connection)}
    return names | files


def open_file_database(setting: Setting) -> Any:
    """A connection to a database that other processes could open too: only of such a one, an array can be pickled."""
    storage = FileStorage(str(setting.folder / "Data.fs"), blob_dir=str(setting.folder / "blobs"))
    database = setting.resources.enter_context(Database(ZODB.DB(storage, class_factory=class_factory)))
    return setting.resources.enter_context(database.connect())


class Transactions:
    """The module ``transaction`` as a notebook has it: ends the transaction of a connection and begins the next one."""

    def __init__(self, connection: Any) -> None:
        self.manager = connection.transaction_manager

    def commit(self) -> None:
        self.manager.commit()
        self.manager.begin()


def _files() -> Iterator[tuple[str, BigFile]]:
    """A file of each format that the page reads from."""
    sound, archive, table = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(bytes(2000))
    with zipfile.ZipFile(archive, "w") as zip_file:
        zip_file.writestr("one", "1")
    np.save(table, np.arange(3))
    contents = {"sound": sound.getvalue(), "archive": archive.getvalue(), "table": table.getvalue()}
    for name, content in (contents | {"lines": b"a,b\n1,2\n", "samples": bytes(400)}).items():
        file = BigFile()
        file.append(content)
        yield name, file


PAGES: dict[str, Callable[[Setting], Names]] = {
    "docs/extend/activities.md": activities,
    "docs/extend/scripting.md": scripting,
    "docs/extend/web.md": web,
    "docs/extend/workflows.md": workflows,
    "docs/use/catalog.md": catalog,
    "docs/use/data-arrays.md": data_arrays,
    "docs/use/first-steps.md": first_steps,
    "docs/use/ingestion.md": ingestion,
    "docs/use/out-of-core.md": out_of_core,
    "docs/use/security.md": security,
}
#: Pages whose Python has tests of its own: `tests/docs/test_weather_pages.py` and `tests/docs/test_contributing.py`.
TESTED_ELSEWHERE = {"docs/extend/plugins.md", "docs/extend/business-templates.md", "CONTRIBUTING.md"}


def is_ordinary(block: Block) -> bool:
    """Whether a block is Python that runs in the names of its page."""
    return block.language == "python" and not block.options and block.page not in TESTED_ELSEWHERE
