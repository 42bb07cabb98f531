"""A user's own account: change the password."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import remember

from wendelin.core.errors import BadRequest, RateExceeded
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import DIALOG_PREFIX, field_of
from wendelin.core.management.frame.login import too_many
from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.properties import Property
from wendelin.core.model.objects.site import Site
from wendelin.core.web.access.known_devices import source_of
from wendelin.core.web.requests.statuses import status_of
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
    users, user_id = context.acl_users, request.user.id
    policy, source = request.registry["wendelin.policy"], source_of(request, user_id)
    try:
        if policy.authenticate(users, user_id, values["old_password"], source) is None:
            old.error = "This is not your present password."
            return False
    except RateExceeded as error:  # whoever found a browser open could guess here
        request.response.status_int = status_of(type(error))
        request.response.headers["Retry-After"] = str(error.retry_after)
        old.error = too_many(error)
        return False
    users.changeOwnPassword(values["old_password"], values["password"])
    return True


def check_new_password(password: str, again: str) -> None:
    """Raise `BadRequest` with what is wrong with a new password."""
    if len(password) < MINIMUM_LENGTH:
        raise BadRequest(f"A password needs at least {MINIMUM_LENGTH} characters.")
    if password != again:
        raise BadRequest("The two new passwords differ.")
