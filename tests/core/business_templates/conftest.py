"""Business templates made for a test: written to a temporary folder and registered while the test runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.business_templates.template_factory import Files, TemplateMaker, register, write_template
from wendelin.core.registry import get_registry


@pytest.fixture
def registered() -> Iterator[None]:
    """Forget, after the test, which templates it registered."""
    templates = get_registry()._kinds.setdefault("business_template", {})
    before = dict(templates)
    yield
    templates.clear()
    templates.update(before)


@pytest.fixture
def add_template(tmp_path: Path, registered: None) -> TemplateMaker:
    """``add_template("a", {"modules.toml": {...}}, dependencies=[...])`` writes and registers a template."""

    def add(title: str, files: Files, **manifest: Any) -> Path:
        folder = write_template(tmp_path / title, title, files, **manifest)
        register(title, folder)
        return folder

    return add
