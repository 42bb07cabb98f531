"""A user's own account: change the password."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import remember

from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import DIALOG_PREFIX, field_of
from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.properties import Property
from wendelin.core.model.objects.site import Site
from wendelin.core.web.requests.urls import url

PASSWORD_FIELDS = (
    Property("old_password", title="Present Password", widget="password", required=True),
    Property("password", title="New Password", widget="password", required=True, description="At least 8 characters."),
    Property("password_again", title="New Password Again", widget="password", required=True),
)
MINIMUM_LENGTH = 8


def change_password(context: Site, request: Request) -> Any:
    """Ask for the present and the new password; all other sessions of the user end, this one goes on."""
    form = FieldSet([field_of(prop) for prop in PASSWORD_FIELDS], DIALOG_PREFIX)
    if request.method == "POST" and _change(context, request, form):
        say(request, "Your password is changed. Sessions in other browsers have ended.")
        return HTTPSeeOther(url(request, context) + "/", headers=remember(request, request.user.id))
    return {
        "title": "Change password",
        "help": "",
        "form": form,
        "hidden": [],
        "action": url(request, context, "password"),
        "submit_label": "Change password",
        "cancel_url": url(request, context) + "/",
    }


def _change(context: Site, request: Request, form: FieldSet) -> bool:
    values = form.read(request.POST)
    if form.has_errors:
        return False
    old, new, _ = form.bound
    try:
        check_new_password(values["password"], values["password_again"])
    except BadRequest as error:
        new.error = str(error)
        return False
    try:
        context.acl_users.changeOwnPassword(values["old_password"], values["password"])
    except Unauthorized:
        old.error = "This is not your present password."
        return False
    return True


def check_new_password(password: str, again: str) -> None:
    """Raise `BadRequest` with what is wrong with a new password."""
    if len(password) < MINIMUM_LENGTH:
        raise BadRequest(f"A password needs at least {MINIMUM_LENGTH} characters.")
    if password != again:
        raise BadRequest("The two new passwords differ.")
