"""Changing a document's state: a dialog that asks for a comment; for one document, or for those chosen in a list."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.errors import NotFound, UnsupportedWorkflowMethod, ValidationFailed
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import DIALOG_PREFIX, field_of
from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.properties import Property
from wendelin.core.web.requests.urls import url

COMMENT = Property("comment", type="text", title="Comment", description="Kept in the history, for others to read.")


def find_action(document: Document, action_id: str) -> tuple[str, str]:
    """``(action id, title)`` of an action that the user may take now; `NotFound` otherwise."""
    for id, title, _ in document.getPortalObject().portal_workflow.getActionList(document):
        if id == action_id:
            return id, title
    raise NotFound(
        f"{document.getTitle()} cannot take {action_id!r} now: its state may have changed, or you may not do it"
    )


def workflow_dialog(context: Document, request: Request) -> Any:
    """``Base_viewWorkflowActionDialog?workflow_action=validate_action``."""
    wanted = request.params.get("workflow_action") or request.params.get("field_your_workflow_action") or ""
    action_id, title = find_action(context, wanted)
    form = FieldSet([field_of(COMMENT)], DIALOG_PREFIX)
    if request.method == "POST" and _take(context, request, action_id, form):
        say(request, "Status changed.")
        return HTTPSeeOther(url(request, context, "view"))
    return {
        "title": f"{title}: {context.getTitle()}",
        "help": "",
        "form": form,
        "action": url(request, context, "Base_viewWorkflowActionDialog"),
        "hidden": [("workflow_action", action_id)],
        "submit_label": title,
        "cancel_url": url(request, context, "view"),
    }


def _take(context: Document, request: Request, action_id: str, form: FieldSet) -> bool:
    values = form.read(request.POST)
    try:
        request.site.portal_workflow.doActionFor(context, action_id, comment=values.get("comment") or "")
    except ValidationFailed as error:
        form.errors.extend(error.message_list)
        return False
    except UnsupportedWorkflowMethod as error:
        form.errors.append(str(error))
        return False
    return True
