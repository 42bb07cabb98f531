"""Random orders of installing and removing: the site depends on what is installed, never on how it came to be so."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.core.business_templates.template_factory import module_files, register, write_template
from wendelin.core.business_templates import bootstrap, dump, install, uninstall
from wendelin.core.business_templates.dependencies import missing_dependencies
from wendelin.core.business_templates.repository import available_manifests
from wendelin.core.database import Database
from wendelin.core.errors import BusinessTemplateError, DependentsRemain, MissingDependency, PathOwned, UserDataRemains
from wendelin.core.model.objects.site import create_site, get_site
from wendelin.core.registry import get_registry
from wendelin.core.security import SYSTEM, set_user

SHIPPED = ("erp5_wendelin", "erp5_wendelin_configurator")
EXTENDS_FILE = {"extends": True, "type_group_list": ["shared"], "workflow_list": ["validation_workflow"]}
GENERATED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "animals": (module_files("ant") | {"categories/mood.toml": {"category": [{"id": "calm"}]}}, {}),
    "insects": (
        {
            "portal_types/Ant.toml": {"extends": True, "type_group_list": ["insect"], "form": [{"id": "legs"}]},
            "paths/ant_module/queen.toml": {"portal_type": "Ant", "properties": {"title": "Queen"}},
            "categories/mood.toml": {"extends": True, "category": [{"id": "busy"}]},
        },
        {"dependencies": ["animals"]},
    ),
    "flags_a": ({"portal_types/File.toml": EXTENDS_FILE | {"action": [{"id": "a"}]}}, {"provisions": ["flags"]}),
    "flags_b": ({"portal_types/File.toml": EXTENDS_FILE | {"action": [{"id": "b"}]}}, {"provisions": ["flags"]}),
    "sails": (
        {
            "actions.toml": {"action": [{"id": "sail", "category": "global"}]},
            "security.toml": {"permissions": {"Sail": ["Manager"]}},
            "skins/sails/Base_sail.py": "return 1\n",
        },
        {"dependencies": ["flags"]},
    ),
    "rival": (module_files("ant"), {}),  # brings what "animals" brings
    "wishful": ({}, {"dependencies": ["animals (>= 2.0)"]}),
}
RIVALS = {"rival": "animals", "animals": "rival"}
TITLES = st.sampled_from(sorted([*GENERATED, *SHIPPED]))


class TemplateMachine(RuleBasedStateMachine):
    """Installs, removes, commits and aborts at will; every committed set of templates has one dump."""

    def __init__(self) -> None:
        super().__init__()
        set_user(SYSTEM)
        self.folder = Path(tempfile.mkdtemp())
        self.registered = dict(get_registry().get("business_template"))
        for title, (files, manifest) in GENERATED.items():
            register(title, write_template(self.folder / title, title, files, **manifest))
        self.database = Database.memory()
        with self.database.transaction() as connection:
            bootstrap(create_site(connection.root()))
        self.connection = self.database.open()
        self.connection.transaction_manager.begin()
        self.site = get_site(self.connection)
        self.seen: dict[frozenset[str], dict[str, object]] = {}
        self.ants = 0

    def teardown(self) -> None:
        self.connection.transaction_manager.abort()
        self.connection.close()
        self.database.close()
        templates = get_registry()._kinds["business_template"]
        templates.clear()
        templates.update(self.registered)
        shutil.rmtree(self.folder)

    @property
    def installed(self) -> set[str]:
        return set(self.site.portal_templates.getInstalledBusinessTemplateTitleList())

    def finish(self, commit: bool) -> None:
        manager = self.connection.transaction_manager
        manager.commit() if commit else manager.abort()
        manager.begin()

    @rule(title=TITLES, commit=st.booleans())
    def install(self, title: str, commit: bool) -> None:
        before = self.installed
        manifests = self.site.portal_templates.installed_manifests()
        expected: type[Exception] | None = None
        if title not in before:
            missing = missing_dependencies([title], available_manifests(), manifests)
            owned = RIVALS.get(title) in before
            expected = BusinessTemplateError if missing and owned else MissingDependency if missing else None
            expected = PathOwned if owned and not missing else expected
        try:
            new = install(self.site, title)
        except BusinessTemplateError as error:
            assert expected is not None and isinstance(error, expected), error
            assert self.installed == before
        else:
            assert expected is None
            assert new == ([] if title in before else [title])
            assert self.installed == before | {title}
            self.finish(commit)
            if not commit:
                assert self.installed == before

    @rule(title=TITLES, remove_user_data=st.booleans(), commit=st.booleans())
    def uninstall(self, title: str, remove_user_data: bool, commit: bool) -> None:
        before = self.installed
        dependents = {"animals": {"insects"}, "flags_a": {"sails"}, "flags_b": {"sails"}}.get(title, set()) & before
        if title.startswith("flags") and {"flags_a", "flags_b"} <= before:
            dependents = set()  # the other one still provides the name
        has_ants = self.ants > 0 and title in ("animals", "rival")
        try:
            uninstall(self.site, title, remove_user_data=remove_user_data)
        except DependentsRemain:
            assert dependents
        except UserDataRemains:
            assert has_ants and not dependents and not remove_user_data
        except BusinessTemplateError:
            assert title not in before
        else:
            assert title in before and not dependents and (remove_user_data or not has_ants)
            self.finish(commit)
            if commit and title in ("animals", "rival"):
                self.ants = 0
            assert self.installed == (before - {title} if commit else before)

    @precondition(lambda self: "ant_module" in self.site)
    @rule()
    def add_user_document(self) -> None:
        self.site.ant_module.newContent(portal_type="Ant")
        self.finish(commit=True)
        self.ants += 1

    @invariant()
    def the_dump_depends_on_the_set_alone(self) -> None:
        installed = frozenset(self.installed)
        found = dump(self.site)
        assert found == self.seen.setdefault(installed, found)

    @invariant()
    def every_owned_path_is_there_and_owned_once(self) -> None:
        owned = [
            path for document in self.site.portal_templates.installed_documents() for path in document.owned_paths()
        ]
        assert len(owned) == len(set(owned))
        documents = [
            path for path in owned if "#" not in path and not path.startswith(("permission_map/", "portal_actions/"))
        ]
        assert [path for path in documents if self.site.unrestrictedTraverse(path, None) is None] == []


TestTemplateMachine = pytest.mark.slow(TemplateMachine.TestCase)
TestTemplateMachine.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
