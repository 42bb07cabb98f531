"""A user's own preferences: one page, whether the user has any yet or not."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.errors import BadRequest, ValidationFailed
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import DIALOG_PREFIX, field_of
from wendelin.core.management.frame.layout import without_changes
from wendelin.core.management.frame.messages import say
from wendelin.core.model.accounts.preferences import PreferenceTool
from wendelin.core.model.objects.properties import Property
from wendelin.core.web.requests.urls import url


def own_preferences(context: PreferenceTool, request: Request) -> Any:
    """What counts for the user now, and a change of it for this user alone; what is changed counts at once."""
    form = FieldSet([field_of(prop) for prop in preference_properties(context)], DIALOG_PREFIX)
    form.fill(lambda field: context.getPreference(field.id))
    if request.method == "POST":
        if _change(context, request, form):
            say(request, "Saved. This is for you alone.")
            return HTTPSeeOther(url(request, context, "own"))
        without_changes(request.response)
    return {
        "title": "My preferences",
        "help": "They count for you alone. What you leave as it is follows the preferences of the site.",
        "form": form,
        "hidden": [],
        "action": url(request, context, "own"),
        "submit_label": "Save",
        "cancel_url": url(request, request.site) + "/",
    }


def preference_properties(tool: PreferenceTool) -> list[Property]:
    """The preferences on the forms of the type *Preference*, those of plugins included."""
    info = tool.getPortalObject().type_information("Preference")
    found = (info.property_dict.get(id) for form in info.form_list for id in form.field_list)
    return [prop for prop in found if isinstance(prop, Property) and prop.preference]


def _change(context: PreferenceTool, request: Request, form: FieldSet) -> bool:
    values = form.read(request.POST)
    if form.has_errors:
        return False
    try:
        for id, value in values.items():
            if value != context.getPreference(id):
                context.setPreference(id, value)
    except ValidationFailed as error:
        form.blame(error.message_list)
    except BadRequest as error:
        form.blame([str(error)])
    return not form.has_errors
