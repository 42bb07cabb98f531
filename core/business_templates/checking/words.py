"""Checks of the permissions, roles and expressions that stand in templates' data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wendelin.core.business_templates.checking.known import Brought, Known
from wendelin.core.business_templates.text.problems import REFERENCE, Problem
from wendelin.core.errors import ScriptError
from wendelin.core.model.objects.site import Site
from wendelin.core.model.scripting.restricted.compiling import compile_expression
from wendelin.core.security import PERMISSIONS, ROLES

#: Where items of ``security.toml`` stand: not a path of a document, but the site's ``permission_map``.
PERMISSION = "permission_map/"


def check_words(item: Brought, known: Known, entry: Mapping[str, object]) -> Iterator[Problem]:
    """Problems with an entry's ``permission``, ``published``, ``roles``, ``proxy_roles`` and ``condition``."""
    for key in ("permission", "published"):
        yield from check_permissions(item, known, [entry.get(key)])
    for key in ("roles", "proxy_roles"):
        yield from check_roles(item, entry.get(key))
    yield from check_condition(item, entry.get("condition"))


def check_permissions(item: Brought, known: Known, names: Iterable[object]) -> Iterator[Problem]:
    """Problems for permissions that neither the platform nor a template has: a misspelt one is for managers alone."""
    for name in names:
        path = f"{PERMISSION}{name}"
        if not isinstance(name, str) or not name or name in PERMISSIONS or name in site_map(known.site):
            continue
        if path in known.brought:
            yield from known.check_reliable(item, path, f"permission {name!r}")
        else:
            yield item.source.unknown("permission", name)


def check_roles(item: Brought, roles: object) -> Iterator[Problem]:
    """Problems for roles that nobody can have."""
    for role in roles if isinstance(roles, list | tuple) else ():
        if role not in ROLES:
            message = f"unknown role {role!r}; known: {', '.join(ROLES)}"
            yield item.source.problem(message, REFERENCE, near=str(role))


def check_condition(item: Brought, condition: object) -> Iterator[Problem]:
    """A problem when the expression does not compile."""
    if isinstance(condition, str) and condition:
        try:
            compile_expression(item.path, condition.removeprefix("python:"))
        except ScriptError as error:
            yield item.source.problem(f"condition {condition!r}: {error}", near=condition)


def site_map(site: Site) -> dict[str, tuple[str, ...]]:
    """The site's own permission map."""
    site._p_activate()
    return dict(vars(site).get("permission_map") or {})
