"""Manage Business Templates: what is installed and what can be; install and uninstall, after a look at what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.business_templates.dependencies import dependent_list, resolve
from wendelin.core.business_templates.repository import available_manifests, load_templates
from wendelin.core.business_templates.tool import TemplateTool
from wendelin.core.business_templates.user_data import user_data_problems
from wendelin.core.business_templates.validation import validate
from wendelin.core.errors import BadRequest, BusinessTemplateError
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.frame.messages import say
from wendelin.core.web.requests.urls import url


@dataclass(frozen=True)
class Part:
    """A template in a preview: what it brings or takes away, as paths in the site."""

    title: str
    description: str
    paths: list[str]


def template_list(context: TemplateTool, request: Request) -> dict[str, Any]:
    """Every template that a plugin brings or that is installed."""
    return {
        "title": "Business Templates",
        "head": DocumentHead(request, context, "List"),
        "rows": context.getRepositoryBusinessTemplateList(),
        "action": url(request, context, "templates_preview"),
        "documents": {document.getId(): url(request, document, "view") for document in context.installed_documents()},
    }


def _titles(request: Request) -> list[str]:
    titles = [title for title in request.POST.getall("titles") if title]
    if not titles:
        raise BadRequest("Tick the boxes of some business templates first.")
    return titles


def templates_preview(context: TemplateTool, request: Request) -> Any:
    """The page between the button and the deed: what will happen, and every reason why it cannot."""
    if not request.POST.getall("titles"):
        say(request, "Tick the boxes of some business templates first.", "warning")
        return HTTPSeeOther(url(request, context, "view"))
    if request.POST.get("action") == "uninstall":
        return _uninstall_preview(context, request, _titles(request))
    return _install_preview(context, request, _titles(request))


def _install_preview(context: TemplateTool, request: Request, titles: list[str]) -> dict[str, Any]:
    available, installed = available_manifests(), context.installed_manifests()
    problems: list[str] = []
    parts: list[Part] = []
    try:
        templates = load_templates(resolve(titles, available, installed))
        parts = [
            Part(entry.title, entry.manifest.description, [item.path for item in entry.items]) for entry in templates
        ]
        problems = [str(problem) for problem in validate(request.site, templates, available)]
    except BusinessTemplateError as error:
        problems = error.problem_list
    added = [part.title for part in parts if part.title not in titles]
    notes = [f"{title} is installed as well, because a template that you chose depends on it." for title in added]
    if not parts and not problems:
        notes.append("All of them are installed already.")
    return _page(context, request, "install", titles, parts, problems, notes)


def _uninstall_preview(context: TemplateTool, request: Request, titles: list[str]) -> dict[str, Any]:
    installed = context.installed_manifests()
    problems = [
        f"{name} depends on {title}: uninstall it as well"
        for title in titles
        for name in dependent_list(title, installed)
        if name not in titles
    ]
    documents = [context[title] for title in titles if title in installed]
    parts = [Part(entry.getId(), entry.getTitle(), entry.getInstalledPathList()) for entry in documents]
    data = [str(line) for entry in documents for line in user_data_problems(request.site, entry)]
    return _page(context, request, "uninstall", titles, parts, problems, []) | {"user_data": data}


def _page(
    context: TemplateTool,
    request: Request,
    action: str,
    titles: list[str],
    parts: list[Part],
    problems: list[str],
    notes: list[str],
) -> dict[str, Any]:
    return {
        "title": f"{action.capitalize()} business templates",
        "verb": action,
        "titles": titles,
        "parts": parts,
        "problems": problems,
        "notes": notes,
        "user_data": [],
        "possible": bool(parts) and not problems,
        "action": url(request, context, f"templates_{action}"),
        "cancel_url": url(request, context, "view"),
    }


def templates_install(context: TemplateTool, request: Request) -> HTTPSeeOther:
    """Install, with dependencies: all in this transaction, or nothing."""
    new = context.installBusinessTemplateListFromRepository(_titles(request), install_dependency=True)
    say(request, f"Installed: {', '.join(new) or 'nothing new'}.")
    return HTTPSeeOther(url(request, context, "view"))


def templates_uninstall(context: TemplateTool, request: Request) -> HTTPSeeOther:
    """Uninstall, dependents before what they need; users' data only when they ticked that it may go."""
    titles = _titles(request)
    order = reversed(context.sortBusinessTemplateList(titles))
    ordered = [*order, *(title for title in titles if title not in available_manifests())]
    for title in ordered:
        context.uninstall(title, remove_user_data="remove_user_data" in request.POST)
    say(request, f"Uninstalled: {', '.join(ordered)}.")
    return HTTPSeeOther(url(request, context, "view"))
