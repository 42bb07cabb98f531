"""What is done with the documents chosen in a list: delete, change state, copy, cut, paste, export."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date, time
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.errors import BadRequest
from wendelin.core.management.documents.deletion import delete_documents
from wendelin.core.management.documents.workflow_dialogs import COMMENT
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import DIALOG_PREFIX, field_of
from wendelin.core.management.frame.layout import render_page
from wendelin.core.management.frame.messages import say
from wendelin.core.management.lists.cells import column_value
from wendelin.core.management.lists.listing import Listing, make_listing
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import Property
from wendelin.core.security import ADD, VIEW, check_permission, require_permission
from wendelin.core.web.answers.downloads import disposition
from wendelin.core.web.requests.connections import OpenBody
from wendelin.core.web.requests.urls import is_own_path, url

SHOWN_TITLES = 20
#: The clipboard travels in a cookie of 4 kB.
CLIPBOARD_LIMIT = 1000
EXPORT_BLOCK = 500

Clip = Callable[[Iterable[str]], tuple[str, ...]]


def chosen(context: Folder, request: Request) -> list[Document]:
    """The ticked documents that the user may see."""
    found = [context.get_child(id) for id in request.POST.getall("ids")]
    return [document for document in found if document is not None and check_permission(VIEW, document)]


def list_action(context: Folder, request: Request) -> Response:
    """The buttons above a list."""
    actions = {"delete": ask_delete, "copy": copy, "cut": cut, "paste": paste, "workflow": ask_workflow}
    action = actions.get(request.POST.get("action", ""))
    if action is None:
        raise BadRequest(f"a list has no action {request.POST.get('action')!r}")
    documents = chosen(context, request)
    if not documents and action is not paste:
        say(request, "Tick the boxes of some documents first.", "warning")
        return back(context, request)
    return action(context, request, documents)


def back(context: Folder, request: Request) -> HTTPSeeOther:
    """To the list, as it was."""
    here = request.POST.get("here", "")
    return HTTPSeeOther(here if is_own_path(here) else url(request, context, "view"))


def _hidden(request: Request, documents: list[Document], **more: str) -> list[tuple[str, str]]:
    pairs = [("ids", document.getId()) for document in documents]
    return [*pairs, ("here", request.POST.get("here", "")), *more.items()]


def _titles(documents: list[Document]) -> list[str]:
    titles = [f"{column_value(document, 'title')} ({document.getId()})" for document in documents[:SHOWN_TITLES]]
    rest = len(documents) - SHOWN_TITLES
    return titles + ([f"and {rest} more"] if rest > 0 else [])


def _count(documents: list[Document]) -> str:
    return f"{len(documents)} document{'s' * (len(documents) != 1)}"


# -- delete


def ask_delete(context: Folder, request: Request, documents: list[Document]) -> Response:
    """The page that asks once more."""
    values = {
        "title": f"Delete from {context.getTitle()}",
        "question": f"Do you want to delete {_count(documents)}, with everything inside?",
        "details": _titles(documents),
        "submit_label": "Delete",
        "danger": True,
        "action": url(request, context, "list_delete"),
        "hidden": _hidden(request, documents),
        "cancel_url": back(context, request).location,
    }
    return render_page(request, context, "confirm.pt", values)


def list_delete(context: Folder, request: Request) -> HTTPSeeOther:
    """Delete, once confirmed: all of them, or none when one may not be."""
    documents = chosen(context, request)
    delete_documents(context, documents)
    say(request, f"{_count(documents)} deleted.")
    return back(context, request)


# -- clipboard


def copy(context: Folder, request: Request, documents: list[Document]) -> HTTPSeeOther:
    """Put the documents on the clipboard, to be copied."""
    return _clip(context, request, documents, context.manage_copyObjects, "copied")


def cut(context: Folder, request: Request, documents: list[Document]) -> HTTPSeeOther:
    """Put the documents on the clipboard, to be moved."""
    return _clip(context, request, documents, context.manage_cutObjects, "cut")


def _clip(context: Folder, request: Request, documents: list[Document], method: Clip, word: str) -> HTTPSeeOther:
    clipboard = list(method([document.getId() for document in documents]))
    if sum(map(len, clipboard)) > CLIPBOARD_LIMIT:
        say(request, "These are too many for the clipboard: choose fewer at a time.", "warning")
    else:
        request.session["clipboard"] = clipboard
        say(request, f"{_count(documents)} {word}: open the place where they should go, and choose Paste.")
    return back(context, request)


def paste(context: Folder, request: Request, documents: list[Document]) -> HTTPSeeOther:
    """Copy or move what is on the clipboard to here; what was cut can be put down once."""
    require_permission(ADD, context)
    clipboard = request.session.get("clipboard") or []
    pasted = context.manage_pasteObjects(clipboard)
    if clipboard and clipboard[0] == "cut":
        del request.session["clipboard"]
    say(request, f"{_count(pasted)} pasted.")
    return back(context, request)


# -- states


def ask_workflow(context: Folder, request: Request, documents: list[Document]) -> Response:
    """Which action, and a comment."""
    return _workflow_page(context, request, documents, _workflow_form(request, documents))


def _workflow_form(request: Request, documents: list[Document]) -> FieldSet:
    """The actions that at least one of the documents can take, with how many can."""
    counts: dict[str, list[Any]] = {}
    for document in documents:
        for id, title, _ in request.site.portal_workflow.getActionList(document):
            counts.setdefault(id, [title, 0])[1] += 1
    choices = tuple((f"{title} ({count} of {len(documents)})", id) for id, (title, count) in counts.items())
    action = Property("action_id", type="selection", title="Action", select_list=choices, required=True)
    return FieldSet([field_of(action), field_of(COMMENT)], DIALOG_PREFIX)


def _workflow_page(context: Folder, request: Request, documents: list[Document], form: FieldSet) -> Response:
    values = {
        "title": f"Change state in {context.getTitle()}",
        "help": "The chosen action is taken on every document whose state allows it; the others stay as they are.",
        "form": form,
        "action": url(request, context, "list_workflow"),
        "hidden": _hidden(request, documents),
        "submit_label": "Change state",
        "cancel_url": back(context, request).location,
    }
    return render_page(request, context, "form.pt", values)


def list_workflow(context: Folder, request: Request) -> Response:
    """Take the action on all; say which could not."""
    documents = chosen(context, request)
    form = _workflow_form(request, documents)
    values = form.read(request.POST)
    if form.has_errors:
        return _workflow_page(context, request, documents, form)
    refused = request.site.portal_workflow.doActionForList(documents, values["action_id"], values.get("comment") or "")
    say(request, f"Status changed: {len(documents) - len(refused)} of {len(documents)}.")
    for path, reason in list(refused.items())[:5]:
        say(request, f"{path}: {reason}", "warning")
    return back(context, request)


# -- export


def export_csv(context: Folder, request: Request) -> Response:
    """All documents that the list's search finds, as CSV, block by block."""
    listing = make_listing(request, context)
    response = Response(content_type="text/csv", charset="utf-8")
    response.headers["Content-Disposition"] = disposition(f"{context.getId()}.csv")
    response.app_iter = OpenBody(_csv_lines(listing), request.user, new_transaction=True)
    return response


def _csv_lines(listing: Listing) -> Iterator[bytes]:
    yield _csv([[column.title for column in listing.columns]])
    offset = 0
    while not listing.problem:
        documents = listing.source.documents(listing.active_query, listing.sort, offset, EXPORT_BLOCK)
        if not documents:
            return
        yield _csv([_plain(column_value(document, column.id)) for column in listing.columns] for document in documents)
        for document in documents:
            document._p_deactivate()
        offset += EXPORT_BLOCK


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode("utf-8")


def _plain(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value.isoformat() if isinstance(value, date | time) else value
