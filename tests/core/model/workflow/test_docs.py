"""The worked example of docs/extend/workflows.md does what the page says; scripts of the site can take part."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import wendelin.core
from wendelin.core.errors import UnsupportedWorkflowMethod, ValidationFailed
from wendelin.core.security import ANONYMOUS, ASSIGNOR, AUTHOR, VIEW, User, as_user, check_permission

PAGE = Path(wendelin.core.__file__).parent.parent / "docs" / "extend" / "workflows.md"


def example(language: str) -> str:
    (block, *_) = re.findall(rf"```{language}[^\n]*\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return block


@pytest.fixture
def measurements(site: Any, add_type: Any, add_workflow: Any) -> Any:
    add_workflow("measurement_workflow", tomllib.loads(example("toml")))
    add_type("Measurement", module="measurement_module", workflow_list=["measurement_workflow"])
    return site.measurement_module


def add_script(site: Any, id: str, body: str) -> None:
    front = '# wendelin: parameters="state_change"\n'
    site.portal_skins.layer("custom").put_file(f"{id}.py", (front + body).encode())


def test_the_example(site: Any, measurements: Any) -> None:
    tell = "context.setTitle('%s by %s' % (context.getTitle(), state_change['transition']))\n"
    add_script(site, "Measurement_tellCheckers", tell)
    namespace: dict[str, Any] = {"context": site}
    exec(example("python"), namespace)
    measurement = namespace["m"]
    assert measurement.getMeasurementStateTitle() == "Checked"
    assert measurement.getTitle() == "42 degrees by check"
    assert check_permission(VIEW, measurement, ANONYMOUS)
    measurement.reopen()
    assert not check_permission(VIEW, measurement, ANONYMOUS)


def test_its_condition_and_its_worklist(site: Any, measurements: Any) -> None:
    with as_user(User("amy", frozenset({AUTHOR}))):
        measurement = measurements.newContent(portal_type="Measurement", title="42 degrees")
    with as_user(User("boss", frozenset({ASSIGNOR}))):
        assert [waiting.title for waiting in site.portal_workflow.listActions()] == ["Measurements to Check (1)"]
        assert not site.portal_catalog(measurement_state="checked")
    measurement._p_activate()
    measurement.__dict__["getTitle"] = lambda: ""
    with pytest.raises(UnsupportedWorkflowMethod):
        measurement.check()
    del measurement.__dict__["getTitle"]
    with as_user(User("boss", frozenset({ASSIGNOR}))):
        assert [action for action, *_ in site.portal_workflow.getActionList(measurement)] == ["check_action"]


def test_a_script_of_the_site_can_refuse(site: Any, measurements: Any) -> None:
    add_script(site, "Measurement_tellCheckers", "raise ValidationFailed(['not now'])\n")
    measurement = measurements.newContent(portal_type="Measurement", title="42 degrees")
    with pytest.raises(ValidationFailed, match="not now"):
        site.portal_workflow.doActionFor(measurement, "check_action")


def test_a_script_runs_with_the_rights_of_the_user(site: Any, measurements: Any) -> None:
    add_script(site, "Measurement_tellCheckers", "context.getParentValue().manage_delObjects([context.getId()])\n")
    with as_user(User("amy", frozenset({AUTHOR}))):
        measurement = measurements.newContent(portal_type="Measurement", title="42 degrees")
        with pytest.raises(PermissionError):
            measurement.check()
