"""Settings files that the documentation shows are read by what reads them on a site."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.docs.code_blocks import Block, blocks_of
from wendelin.plugins.ingestion.receivers.forward import configuration as forward
from wendelin.plugins.ingestion.receivers.mqtt import configuration as mqtt

READERS = {"forward": forward.read_configuration, "mqtt": mqtt.read_configuration}


@pytest.mark.parametrize("block", blocks_of("toml", "settings"), ids=str)
def test_a_settings_file_is_accepted(block: Block, tmp_path: Path) -> None:
    """A part of a file gets the one setting that has to be said in front of it."""
    text = block.text if "user" in tomllib.loads(block.text) else 'user = "somebody"\n' + block.text
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    READERS[block.options["settings"]](path)
