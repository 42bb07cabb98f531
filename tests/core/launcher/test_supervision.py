"""supervisord with processes of our choice: what plugins add, awkward paths, restarts, and who ends with whom."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.launcher.instances import processes_of, wait_until
from wendelin.core.errors import LauncherError
from wendelin.core.instance.var_folder import Instance
from wendelin.core.launcher import processes as processes_module
from wendelin.core.launcher.processes import core_processes, plugin_processes
from wendelin.core.launcher.supervised_process import Process, wendelin_command
from wendelin.core.launcher.supervision import choose_control, read_states, start_supervisord, write_configuration
from wendelin.core.launcher.supervision import wait_until as wait_or_say
from wendelin.core.registry import PluginConfig, Registry

REPORT = (
    "import json, os, sys, time; json.dump([sys.argv[1:], os.environ['WHAT']], open('report', 'w')); time.sleep(600)"
)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = Instance(tmp_path / "a b%c" / "var")
    instance.make_folders()
    instance.write_facts(host="127.0.0.1", port=5080, zeo_address="")
    return instance


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> PluginConfig:
    """A plugin of its own registry, in which nothing else is."""
    registry = Registry()
    monkeypatch.setattr(processes_module, "get_registry", lambda: registry)
    return PluginConfig(registry, "test")


def test_arguments_and_variables_arrive_as_they_are_and_nothing_is_left(instance: Instance) -> None:
    arguments = ("50%", "a b", "it's", '"quoted"', "$HOME", "two\nlines", "no ; comment # this")
    process = Process("odd", (sys.executable, "-c", REPORT, *arguments), environment={"WHAT": "100% of, it"})
    control = choose_control(instance)
    instance.write_facts(host="127.0.0.1", port=1, supervisor=control.__dict__)
    child = start_supervisord(write_configuration(instance, control, [process]), instance)
    try:
        wait_until(lambda: read_states(instance), "supervisord does not answer")
        with control.connected() as supervisor:
            supervisor.startProcess("odd")
        report = wait_until(lambda: read_report(instance), "the process does not report")
        assert report == [list(arguments), "100% of, it"]
        assert [entry["state"] for entry in read_states(instance)] == ["RUNNING"]
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)
    assert not processes_of(instance.var)
    assert read_states(instance) == []


def read_report(instance: Instance) -> object:
    path = instance.var / "report"
    return json.loads(path.read_text() or "null") if path.exists() else None


def test_a_plugin_s_process_has_its_placeholders_filled_in(instance: Instance, config: PluginConfig) -> None:
    command = ["{python}", "--url={url}", "{port:lab}", "{port:lab}", "{port:other}", "{var}/x", "{unknown}", "{host}"]
    config.add_process("lab", command, priority=40, stop_signal="INT")
    ports = {"other": 4711}
    (process,) = plugin_processes(instance, ports, frozenset())
    lab = str(ports["lab"])
    assert process.command == (
        sys.executable,
        "--url=http://127.0.0.1:5080/erp5/",
        lab,
        lab,
        "4711",
        f"{instance.var}/x",
        "{unknown}",
        "127.0.0.1",
    )
    assert (process.priority, process.stop_signal) == (40, "INT")


def test_a_plugin_may_run_a_command_of_this_environment(instance: Instance, config: PluginConfig) -> None:
    config.add_process("lab", ["{python}", "-P", "{wendelin}", "--var", "{var}", "lab"])
    (process,) = plugin_processes(instance, {}, frozenset())
    assert process.command == wendelin_command("--var", str(instance.var), "lab")
    helped = subprocess.run([*process.command[:3], "--help"], capture_output=True, text=True, check=True, timeout=60)
    assert "standalone" in helped.stdout


def test_a_plugin_may_decide_by_a_function(instance: Instance, config: PluginConfig) -> None:
    config.add_process("lab", lambda given: ["program", str(given.var)])
    assert plugin_processes(instance, {}, frozenset())[0].command == ("program", str(instance.var))


def test_a_process_can_be_left_out(instance: Instance, config: PluginConfig) -> None:
    config.add_process("jupyter", ["x"])
    assert plugin_processes(instance, {}, frozenset({"jupyter"})) == []


def test_a_wrong_option_names_the_plugin(instance: Instance, config: PluginConfig) -> None:
    config.add_process("lab", ["x"], colour="red")
    with pytest.raises(LauncherError, match=r"lab.*test.*colour"):
        plugin_processes(instance, {}, frozenset())


def test_core_processes_start_in_order(instance: Instance) -> None:
    found = sorted(core_processes(instance, own_database=True, workers=2), key=lambda process: process.priority)
    assert [process.name for process in found] == ["database", "web", "worker-1", "worker-2"]
    assert [process.name for process in core_processes(instance, own_database=False, workers=1)] == ["web", "worker"]


def test_waiting_ends_with_a_sentence() -> None:
    with pytest.raises(LauncherError, match="it never came"):
        wait_or_say(lambda: False, 0.2, "it never came")
