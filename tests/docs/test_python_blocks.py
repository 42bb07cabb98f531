"""The Python of the documentation runs: block after block, a page at a time, on a site of the test.

Names that a page uses without making them are in `tests/docs/page_names.py`. Scripts and page templates become those
of the site: their headers are read, and they are compiled by what compiles them there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pytest import FixtureRequest, MonkeyPatch

from tests.docs import page_names
from tests.docs.code_blocks import BLOCKS, Block, blocks_of
from tests.docs.page_names import PAGES, Setting, is_ordinary
from tests.web_fixtures import PASSWORD
from wendelin.core.database import Database
from wendelin.core.model.workflow.workflow import Workflow
from wendelin.core.registry import PluginConfig, Registry

ADDRESS = "http://127.0.0.1:5080"


@pytest.fixture
def setting(
    site: Any,
    connection: Any,
    database: Database,
    commit: Callable[[], None],
    add_type: Callable[..., Any],
    tmp_path: Path,
    request: FixtureRequest,
    monkeypatch: MonkeyPatch,
) -> Iterator[Setting]:
    monkeypatch.chdir(tmp_path)
    make_server = lambda: request.getfixturevalue("server")  # noqa: E731
    with ExitStack() as resources:
        yield Setting(site, connection, database, tmp_path, commit, add_type, make_server, resources)


def run_page(page: str, setting: Setting) -> dict[str, Any]:
    """Run the blocks of a page in their order; the names that they leave."""
    names = PAGES[page](setting)
    for block in BLOCKS:
        if block.page == page:
            run_block(block, setting, names)
    return names


def run_block(block: Block, setting: Setting, names: dict[str, Any]) -> None:
    if is_ordinary(block):
        exec(compile(with_server(block.text, setting), str(block), "exec"), names)
    elif "script" in block.options:
        put_script(block, setting.site)
    elif block.options.get("template", "").startswith("workflows/"):
        id = Path(block.options["template"]).stem
        workflow = Workflow.from_data(id, tomllib.loads(block.text))
        setting.site.portal_workflow._setObject(id, workflow)


def with_server(text: str, setting: Setting) -> str:
    """A block that talks to the site gets a server, and its address."""
    if ADDRESS not in text:
        return text
    setting.commit()
    return text.replace(ADDRESS, setting.make_server().url).replace("PASSWORD", PASSWORD)


def put_script(block: Block, site: Any) -> Any:
    """Make a script or page template of a block. Fails with everything that is wrong with it."""
    id = block.options["script"]
    suffix = {"python": "py", "html": "pt"}[block.language]
    site.portal_skins.layer("custom").put_file(f"{id}.{suffix}", block.text.encode())
    script = site.portal_skins.custom[id]
    assert script.checkConsistency() == []
    return script


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS if is_ordinary(block)}))
def test_the_python_of_a_page_runs(page: str, setting: Setting) -> None:
    run_page(page, setting)


@pytest.mark.parametrize("block", blocks_of("python", "script") + blocks_of("html", "script"), ids=str)
def test_a_script_can_be_put_into_the_site(block: Block, site: Any) -> None:
    put_script(block, site)


def test_every_page_with_names_has_python() -> None:
    """No function of `page_names` outlives the blocks that it is for."""
    assert set(PAGES) == {block.page for block in BLOCKS if is_ordinary(block)}
    assert len(PAGES) == len(set(PAGES.values()))
    assert all(function.__module__ == page_names.__name__ for function in PAGES.values())


# -- what some pages promise of their examples


def test_overriding_calls_what_it_overrides(setting: Setting) -> None:
    names = run_page("docs/extend/scripting.md", setting)
    stream = names["site"].data_stream_module["1"]
    assert stream.DataStream_transform(start=0) == "transformed"
    assert setting.site.Base_getRest(stream=stream, start=4) == 6
    assert "<h1>Data Streams</h1>" in setting.site.data_stream_module.Base_overview()


def test_the_scripts_of_the_operators_guide(setting: Setting) -> None:
    for block in blocks_of("python", "script"):
        if block.page == "docs/use/operators-guide-ingestion.md":
            put_script(block, setting.site)
    tag = setting.site.IngestionPolicy_parsePlantTag("mast/north")
    assert tag == {"reference": "mast", "specialise_reference": "plant", "resource_reference": "north"}
    stream = setting.add_stream()
    setting.site.DataIngestionLine_writeUnixLines(b"one\r\ntwo\r\n", {"Data Stream": stream})
    assert stream.getData() == b"one\ntwo\n"


def test_what_pages_register_is_registered(setting: Setting) -> None:
    config = PluginConfig(Registry(), "documented")
    run_page("docs/extend/web.md", setting)["includeme"](config)
    run_page("docs/use/first-steps.md", setting)["includeme"](config)
    kinds = [registration.kind for registration in config.registrations]
    assert kinds == ["business_template", "configuration_option", "view"]


def test_measurements_are_checked_as_the_page_says(setting: Setting) -> None:
    measurement = run_page("docs/extend/workflows.md", setting)["m"]
    assert measurement.getMeasurementStateTitle() == "Checked"
