"""Bringing a database up to date: everything once, whatever was interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

from wendelin.core.database import Database
from wendelin.core.instance.var_folder import Instance
from wendelin.core.launcher import first_start
from wendelin.core.launcher.first_start import bring_up_to_date, run_evolution
from wendelin.core.model.objects import site as site_module
from wendelin.core.model.objects.site import get_site
from wendelin.core.registry import PluginConfig, Registry
from wendelin.core.security import SYSTEM, as_user


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = Instance(tmp_path / "var")
    instance.make_folders()
    return instance


@pytest.fixture
def empty():
    with Database.memory() as database:
        yield database


def test_an_empty_database_gets_everything_once(empty: Database, instance: Instance) -> None:
    assert list(bring_up_to_date(empty, instance)) == [
        "Created the site erp5",
        "Created the user zope",
        "Installed erp5_wendelin_configurator",
    ]
    assert list(bring_up_to_date(empty, instance)) == []
    credentials = instance.read_credentials()
    with as_user(SYSTEM), empty.connect() as connection:
        site = get_site(connection)
        assert site.acl_users.authenticate(credentials.user, credentials.password)
        assert site.portal_templates.getInstalledBusinessTemplateTitleList() == [
            "erp5_core",
            "erp5_wendelin_configurator",
        ]


@pytest.mark.parametrize("survived", [0, 1, 2])
def test_an_interrupted_start_goes_on_where_it_stopped(empty: Database, instance: Instance, survived: int) -> None:
    steps = bring_up_to_date(empty, instance)
    done = [next(steps) for _ in range(survived)]
    steps.close()
    password = instance.make_credentials().password
    rest = list(bring_up_to_date(empty, instance))
    assert len(done + rest) == 3 and not set(done) & set(rest)
    with as_user(SYSTEM), empty.connect() as connection:
        assert get_site(connection).acl_users.authenticate("zope", password)


def test_a_changed_password_is_left_alone(empty: Database, instance: Instance) -> None:
    list(bring_up_to_date(empty, instance))
    with as_user(SYSTEM), empty.transaction() as connection:
        get_site(connection).acl_users.set_password("zope", "my own password")
    assert list(bring_up_to_date(empty, instance)) == []
    with empty.connect() as connection:
        assert get_site(connection).acl_users.authenticate("zope", "my own password")


def test_a_site_with_users_gets_no_password_that_is_nobody_s(empty: Database, instance: Instance) -> None:
    """A restored site, or one whose operator deleted the file, or the first user."""
    list(bring_up_to_date(empty, instance))
    instance.credentials_file.unlink()
    with as_user(SYSTEM), empty.transaction() as connection:
        users = get_site(connection).acl_users
        users.add_user("ada", "a password of hers", ["Manager"])
        users.manage_delObjects(["zope"])
    assert list(bring_up_to_date(empty, instance)) == []
    assert instance.read_credentials() is None
    with empty.connect() as connection:
        assert get_site(connection).acl_users.getUserIdList() == ["ada"]


def test_each_evolution_step_runs_once(empty: Database, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    list(bring_up_to_date(empty, instance))
    registry = Registry()
    config = PluginConfig(registry, "test")
    done: list[int] = []

    def fail(site) -> None:
        site.title = "half done"
        raise RuntimeError("this step fails")

    config.add_evolution_step(101, lambda site: done.append(101), "the first")
    config.add_evolution_step(102, fail, "the second")
    monkeypatch.setattr(site_module, "get_registry", lambda: registry)
    steps = run_evolution(empty)
    assert next(steps) == "Evolution step 101 of test: the first"
    with pytest.raises(RuntimeError):
        next(steps)
    with empty.connect() as connection:
        assert get_site(connection).versions["test"] == 101 and get_site(connection).title != "half done"
    registry._kinds["evolution_step"].pop("test 000102")
    config.add_evolution_step(102, lambda site: done.append(102), "the second, corrected")
    assert list(run_evolution(empty)) == ["Evolution step 102 of test: the second, corrected"]
    assert done == [101, 102]
    PluginConfig(registry, "another").add_evolution_step(1, lambda site: done.append(1), "its own count")
    assert list(run_evolution(empty)) == ["Evolution step 1 of another: its own count"]


def test_a_problem_is_one_sentence(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    instance.database_config.write_text("<zodb>\n</zodb>\n")
    assert first_start.main(str(instance.var)) == 1
    assert capsys.readouterr().err.startswith("wendelin: ")
