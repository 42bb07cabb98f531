"""Which templates have to be installed, and in which order: versions, virtual names and their providers, cycles.

``available`` and ``installed`` are ``{title: Manifest}`` throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wendelin.core.business_templates.text.manifest import Manifest
from wendelin.core.business_templates.text.problems import DEPENDENCY, Problem, raise_problems
from wendelin.core.business_templates.text.versions import Dependency

Manifests = Mapping[str, Manifest]


def provides(manifest: Manifest, dependency: Dependency) -> bool:
    """True if the template satisfies the dependency: by its own title and version, or by a provision."""
    if manifest.title == dependency.name:
        return dependency.accepts(manifest.version)
    return any(name.name == dependency.name and dependency.accepts(name.version) for name in manifest.provisions)


def provider_list(dependency: Dependency, manifests: Manifests) -> list[str]:
    """Titles, sorted, of the templates that satisfy the dependency."""
    return sorted(title for title, manifest in manifests.items() if provides(manifest, dependency))


@dataclass
class Resolution:
    """Chooses providers from what is requested, installed and available, and notes every problem on the way."""

    available: Manifests
    installed: Manifests
    requested: list[str]
    problems: list[Problem] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    _visiting: list[str] = field(default_factory=list)

    def visit(self, title: str) -> None:
        """Put the template behind everything that it depends on."""
        if title in self.order:
            return
        if title in self._visiting:
            circle = " -> ".join([*self._visiting[self._visiting.index(title) :], title])
            self.problems.append(Problem(DEPENDENCY, f"templates depend on each other in a circle: {circle}"))
            return
        self._visiting.append(title)
        for dependency in self.available[title].dependencies:
            provider = self.choose(title, dependency)
            if provider is not None and provider != title:
                self.visit(provider)
        self._visiting.pop()
        self.order.append(title)

    def choose(self, title: str, dependency: Dependency) -> str | None:
        """The template still to be installed that satisfies the dependency; None when there is nothing to do."""
        requested = {name: self.available[name] for name in self.requested if name in self.available}
        if provider_list(dependency, {k: v for k, v in self.installed.items() if k not in requested}):
            return None
        for candidates in (requested, self._by_title(dependency)):
            found = provider_list(dependency, candidates)
            if found:
                return found[0]
        found = provider_list(dependency, self.available)
        if len(found) == 1:
            return found[0]
        self.problems.append(Problem(DEPENDENCY, self._explain(dependency, found), title))
        return None

    def _by_title(self, dependency: Dependency) -> dict[str, Manifest]:
        manifest = self.available.get(dependency.name)
        return {} if manifest is None else {dependency.name: manifest}

    def _explain(self, dependency: Dependency, providers: list[str]) -> str:
        if providers:
            return f"requires you to select one of the following for {dependency}: {', '.join(providers)}"
        return f"depends on {dependency}, {_what_there_is(dependency, self.installed, self.available)}"


def resolve(titles: Iterable[str], available: Manifests, installed: Manifests) -> list[str]:
    """Titles to install, dependencies first and without what is installed; raises with every problem at once."""
    requested = list(dict.fromkeys(titles))
    resolution = Resolution(available, installed, requested)
    for title in requested:
        if title in available:
            resolution.visit(title)
        elif title not in installed:
            known = ", ".join(sorted(available)) or "none"
            resolution.problems.append(Problem(DEPENDENCY, f"unknown business template {title!r}; known: {known}"))
    raise_problems(resolution.problems)
    return [title for title in resolution.order if title not in installed]


def sort_templates(manifests: Manifests) -> list[str]:
    """Titles, dependencies first, by title where order is free; circles and missing templates are passed over."""
    resolution = Resolution(manifests, {}, sorted(manifests))
    for title in resolution.requested:
        resolution.visit(title)
    return resolution.order


def missing_dependencies(titles: Iterable[str], available: Manifests, installed: Manifests) -> list[Problem]:
    """Problems for dependencies that neither ``titles`` themselves nor what is installed satisfies."""
    present = dict(installed) | {title: available[title] for title in titles}
    return [
        Problem(DEPENDENCY, f"depends on {dependency}, {_what_there_is(dependency, present, available)}", title)
        for title in titles
        for dependency in available[title].dependencies
        if not provider_list(dependency, present)
    ]


def dependency_closure(title: str, manifests: Manifests) -> set[str]:
    """Titles that a template depends on, directly or through others, among ``manifests``."""
    found: set[str] = set()
    waiting = [title]
    while waiting:
        for dependency in manifests[waiting.pop()].dependencies:
            for provider in provider_list(dependency, manifests):
                if provider not in found:
                    found.add(provider)
                    waiting.append(provider)
    return found


def dependent_list(title: str, installed: Manifests) -> list[str]:
    """Titles, sorted, of installed templates with a dependency that nothing but ``title`` satisfies."""
    others = {name: manifest for name, manifest in installed.items() if name != title}
    return sorted(
        name
        for name, manifest in others.items()
        if any(
            not provider_list(dependency, others) and provides(installed[title], dependency)
            for dependency in manifest.dependencies
        )
    )


def _what_there_is(dependency: Dependency, installed: Manifests, available: Manifests) -> str:
    for manifests, word in ((installed, "installed"), (available, "available")):
        if dependency.name in manifests:
            return f"but {word} is {dependency.name} {manifests[dependency.name].version}"
    return "which is not available"
