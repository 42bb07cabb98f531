"""The example plugin `examples/weather/`, installed for tests: programs find it with ``PYTHONPATH``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "examples" / "weather"


@pytest.fixture(scope="session")
def installed_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that setuptools installed the plugin into, from a copy (it writes beside its source).

    This is what pip does with a wheel, without the package ``wheel``, which an older setuptools would need for it.
    """
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(SOURCE, folder / "source")
    setup = [sys.executable, "-c", "import setuptools; setuptools.setup()", "--quiet"]
    target = ["--install-dir", str(folder / "installed")]
    command = [*setup, "build", "install_lib", *target, "install_egg_info", *target]
    subprocess.run(command, check=True, cwd=folder / "source", capture_output=True)
    return folder / "installed"
