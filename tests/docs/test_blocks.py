"""Every block of code says what it is, and the few that nobody can run say why. The others are parsed here, or run by
the tests beside this one.
"""

from __future__ import annotations

import io
import json
import tomllib

import pytest
import ZConfig
from chameleon import PageTemplate
from ZODB.config import getDbSchema

from tests.docs.code_blocks import BLOCKS, NOT_RUN, PAGES, ROOT, Block, blocks_of, find_indented_blocks

LANGUAGES = {"python", "toml", "json", "shell", "html", "fluentd", "zconfig", "text"}
OPTIONS = {"script", "file", "template", "settings", NOT_RUN}
#: So many blocks may be untested. Raise it only for what no test could run.
MOST_NOT_RUN = 3


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_says_what_it_is(block: Block) -> None:
    assert block.language in LANGUAGES
    assert set(block.options) <= OPTIONS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_is_fenced(page: object) -> None:
    assert not list(find_indented_blocks(page))


def test_few_blocks_are_not_run() -> None:
    found = {str(block): block.options[NOT_RUN] for block in BLOCKS if NOT_RUN in block.options}
    assert len(found) <= MOST_NOT_RUN, found
    assert all(len(reason) > 10 for reason in found.values())


@pytest.mark.parametrize("block", [block for block in BLOCKS if "file" in block.options], ids=str)
def test_a_quotation_is_in_its_file(block: Block) -> None:
    assert block.text in (ROOT / block.options["file"]).read_text("utf-8")


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "toml"], ids=str)
def test_toml_can_be_read(block: Block) -> None:
    tomllib.loads(block.text)


@pytest.mark.parametrize("block", blocks_of("json"), ids=str)
def test_json_can_be_read(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks_of("zconfig"), ids=str)
def test_a_database_configuration_can_be_read(block: Block) -> None:
    """Read by ZConfig with the schemas that it imports: a key that does not exist is an error. Nothing is opened."""
    configuration, _ = ZConfig.loadConfigFile(getDbSchema(), io.StringIO(block.text))
    assert configuration.database


@pytest.mark.parametrize("block", blocks_of("html"), ids=str)
def test_a_page_template_can_be_compiled(block: Block) -> None:
    PageTemplate(block.text).cook_check()


@pytest.mark.parametrize("block", blocks_of("fluentd"), ids=str)
def test_sections_of_fluentd_are_closed(block: Block) -> None:
    """Fluentd is no part of the tests; what can be wrong in so small a configuration is an open section."""
    sections: list[str] = []
    for line in map(str.strip, block.text.splitlines()):
        if line.startswith("</"):
            assert line == f"</{sections.pop()}>"
        elif line.startswith("<"):
            sections.append(line[1:-1].split()[0])
        else:
            assert len(line.split(None, 1)) == 2, line
    assert not sections
