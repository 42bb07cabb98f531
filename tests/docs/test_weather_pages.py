"""The pages that build the example plugin ``weather`` are true: see `tests/docs/weather_session.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.code_blocks import ROOT


@pytest.mark.slow
def test_the_template_and_the_plugin_of_the_pages_work(installed_example: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(installed_example), str(ROOT)))}
    command = [sys.executable, "-m", "tests.docs.weather_session", str(tmp_path)]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "Station Zero has no readings yet" in result.stdout
