"""The engine contract is for test suites: what runs in production imports nothing of it, nor pytest."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import wendelin.core.cli, wendelin.core.commands.standalone, wendelin.core.launcher.first_start
import wendelin.core.web.application, wendelin.core.model.activities.worker
from wendelin.core.registry import get_registry
get_registry()
print([name for name in sys.modules if name.split(".")[0] in ("pytest", "_pytest") or ".testing" in name
       and name.startswith("wendelin.")])
"""


def test_production_imports_no_tests() -> None:
    result = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, timeout=100)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr
