"""Which templates are installed, in which order, and what is said when that cannot be."""

from __future__ import annotations

import pytest

from wendelin.core.business_templates.dependencies import (
    dependency_closure,
    dependent_list,
    missing_dependencies,
    resolve,
    sort_templates,
)
from wendelin.core.business_templates.text.manifest import Manifest
from wendelin.core.business_templates.text.versions import Dependency
from wendelin.core.errors import MissingDependency


def manifest(title: str, *dependencies: str, version: str = "1.0", provisions: tuple[str, ...] = ()) -> Manifest:
    return Manifest(
        title,
        version,
        dependencies=tuple(map(Dependency.parse, dependencies)),
        provisions=tuple(map(Dependency.parse, provisions)),
    )


def by_title(*manifests: Manifest) -> dict[str, Manifest]:
    return {entry.title: entry for entry in manifests}


CHAIN = by_title(
    manifest("core"), manifest("base", "core"), manifest("web", "base (>= 1.0)"), manifest("shop", "web", "base")
)


def test_dependencies_come_first_and_what_is_installed_is_left_out() -> None:
    assert resolve(["shop"], CHAIN, {}) == ["core", "base", "web", "shop"]
    assert resolve(["shop"], CHAIN, by_title(CHAIN["core"], CHAIN["base"])) == ["web", "shop"]
    assert resolve(["core"], CHAIN, by_title(CHAIN["core"])) == []
    assert sort_templates(CHAIN) == ["core", "base", "web", "shop"]


def test_every_problem_at_once() -> None:
    available = by_title(manifest("a", "nowhere", "b (>= 2.0)"), manifest("b"))
    with pytest.raises(MissingDependency) as caught:
        resolve(["a", "unknown"], available, {})
    text = str(caught.value)
    assert len(caught.value.problem_list) == 3
    assert "nowhere" in text
    assert "b (>= 2.0), but available is b 1.0" in text
    assert "'unknown'" in text


def test_an_installed_version_that_is_too_old() -> None:
    available = by_title(manifest("a", "b (>= 2.0)"))
    with pytest.raises(MissingDependency, match=r"b \(>= 2.0\), but installed is b 1.5"):
        resolve(["a"], available, by_title(manifest("b", version="1.5")))


def test_a_virtual_name() -> None:
    one = manifest("full_text_a", provisions=("full_text",))
    other = manifest("full_text_b", provisions=("full_text (= 2.0)",))
    user = manifest("user", "full_text")
    assert resolve(["user"], by_title(user, one), {}) == ["full_text_a", "user"]
    assert resolve(["user"], by_title(user, one, other), by_title(other)) == ["user"]
    assert resolve(["user", "full_text_b"], by_title(user, one, other), {}) == ["full_text_b", "user"]
    with pytest.raises(MissingDependency, match="select one of the following for full_text: full_text_a, full_text_b"):
        resolve(["user"], by_title(user, one, other), {})
    versioned = manifest("user", "full_text (>= 2.0)")
    assert resolve(["user"], by_title(versioned, one, other), {}) == ["full_text_b", "user"]


def test_a_template_of_the_very_name_is_preferred_to_providers() -> None:
    available = by_title(manifest("x"), manifest("y", provisions=("x",)), manifest("user", "x"))
    assert resolve(["user"], available, {}) == ["x", "user"]


def test_a_circle() -> None:
    available = by_title(manifest("a", "b"), manifest("b", "c"), manifest("c", "a"))
    with pytest.raises(MissingDependency, match="a -> b -> c -> a"):
        resolve(["a"], available, {})


def test_missing_dependencies_of_a_set() -> None:
    available = by_title(manifest("a", "b"), manifest("b"))
    assert [problem.message for problem in missing_dependencies(["a"], available, {})] == [
        "depends on b, but available is b 1.0"
    ]
    assert missing_dependencies(["a", "b"], available, {}) == []


def test_dependents_and_closure() -> None:
    assert dependent_list("base", CHAIN) == ["shop", "web"]
    assert dependent_list("shop", CHAIN) == []
    assert dependency_closure("shop", CHAIN) == {"core", "base", "web"}
    providers = by_title(manifest("p", provisions=("x",)), manifest("q", provisions=("x",)), manifest("user", "x"))
    assert dependent_list("p", providers) == []
    assert dependent_list("p", by_title(providers["p"], providers["user"])) == ["user"]
