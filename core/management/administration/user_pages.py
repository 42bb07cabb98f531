"""User administration: add users, their roles, passwords and tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.errors import BadRequest
from wendelin.core.management.administration.own_account import check_new_password
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import DIALOG_PREFIX, field_of
from wendelin.core.management.frame.layout import without_changes
from wendelin.core.management.frame.messages import say
from wendelin.core.model.accounts.users import Account, UserFolder
from wendelin.core.model.objects.properties import Property
from wendelin.core.security import ASSIGNABLE_ROLES
from wendelin.core.web.requests.urls import url

NAME = Property("user_id", title="User", required=True, description="What the user logs in with; it cannot be changed.")
TITLE = Property("title", title="Name", description="The name to show; may be left empty.")
ROLES = Property(
    "roles",
    type="multiple selection",
    title="Roles",
    select_list=tuple((role, role) for role in ASSIGNABLE_ROLES),
    description="Manager may do everything. Assignor, Assignee, Associate, Author and Auditor work with documents. "
    "A user without roles sees nothing.",
)
PASSWORD = Property("password", title="Password", widget="password", description="At least 8 characters.")
AGAIN = Property("password_again", title="Password Again", widget="password")
TOKEN_TITLE = Property(
    "token_title", title="What is it for", required=True, description="Such as: forwarder in hall 3."
)
TOKEN_DAYS = Property("days", type="integer", title="Days until it expires", description="Empty: never.")


def _form(*properties: Property) -> FieldSet:
    return FieldSet([field_of(prop) for prop in properties], DIALOG_PREFIX)


def add_user(context: UserFolder, request: Request) -> Any:
    """The page that makes an account."""
    form = _form(NAME, TITLE, PASSWORD, AGAIN, ROLES)
    form.fill(lambda field: None)
    if request.method == "POST":
        user_id = _add(context, request, form)
        if user_id:
            say(request, f"User {user_id} added.")
            return HTTPSeeOther(url(request, context[user_id], "view"))
        without_changes(request.response)
    return {
        "title": "Add User",
        "help": "",
        "form": form,
        "hidden": [],
        "action": url(request, context, "add_user"),
        "submit_label": "Add User",
        "cancel_url": url(request, context, "view"),
    }


def _add(context: UserFolder, request: Request, form: FieldSet) -> str:
    values = form.read(request.POST)
    if form.has_errors:
        return ""
    try:
        check_new_password(values.get("password") or "", values.get("password_again") or "")
        context.add_user(values["user_id"], values["password"], values["roles"] or (), title=values["title"] or "")
    except BadRequest as error:
        form.errors.append(str(error))
        return ""
    return str(values["user_id"])


def show_user(context: Account, request: Request, **forms: FieldSet) -> dict[str, Any]:
    """One account: roles, password, tokens."""
    roles = forms.get("roles") or _form(ROLES)
    if "roles" not in forms:
        roles.fill(lambda field: context.getRoleList())
    return {
        "title": context.getTitle(),
        "head": DocumentHead(request, context),
        "roles": roles,
        "password": forms.get("password") or _form(PASSWORD, AGAIN),
        "token": forms.get("token") or _form(TOKEN_TITLE, TOKEN_DAYS),
        "tokens": context.__parent__.list_tokens(context.getId()),
        "new_token": request.session.pop("new_token", ""),
        "action": url(request, context, "view"),
    }


def change_user(context: Account, request: Request) -> Any:
    """The three forms of the page, told apart by the button."""
    changes = {
        "roles": (_form(ROLES), _set_roles),
        "password": (_form(PASSWORD, AGAIN), _set_password),
        "token": (_form(TOKEN_TITLE, TOKEN_DAYS), _add_token),
        "revoke": (_form(), _revoke),
    }
    what = request.POST.get("change", "")
    if what not in changes:
        raise BadRequest(f"a user's page has no form {what!r}")
    form, change = changes[what]
    values = form.read(request.POST)
    if not form.has_errors:
        try:
            say(request, change(context, request, values))
            return HTTPSeeOther(url(request, context, "view"))
        except BadRequest as error:
            form.errors.append(str(error))
    without_changes(request.response)
    return show_user(context, request, **{what: form})


def _set_roles(context: Account, request: Request, values: dict[str, Any]) -> str:
    roles = values["roles"] or ()
    if context.getId() == request.user.id and "Manager" in context.getRoleList() and "Manager" not in roles:
        raise BadRequest("You cannot take the role Manager from yourself: another manager can.")
    context.__parent__.set_roles(context.getId(), roles)
    return "Roles saved."


def _set_password(context: Account, request: Request, values: dict[str, Any]) -> str:
    check_new_password(values.get("password") or "", values.get("password_again") or "")
    context.__parent__.set_password(context.getId(), values["password"])
    return "Password changed; all sessions of this user have ended."


def _add_token(context: Account, request: Request, values: dict[str, Any]) -> str:
    expires = datetime.now(UTC) + timedelta(days=values["days"]) if values["days"] else None
    token = context.__parent__.create_token(context.getId(), values["token_title"], expires)
    request.session["new_token"] = token
    return "Token made."


def _revoke(context: Account, request: Request, values: dict[str, Any]) -> str:
    token_id = request.POST.get("token_id", "")
    if token_id not in {token.id for token in context.__parent__.list_tokens(context.getId())}:
        raise BadRequest("This token is gone already.")
    context.__parent__.revoke_token(token_id)
    return "Token revoked."
