"""From a document to the values of its row: the one place where the catalog looks at documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wendelin.core.acquisition import own_method
from wendelin.core.catalog.columns import Column
from wendelin.core.catalog.store import CatalogStore
from wendelin.core.security import VIEW, allowed_principals
from wendelin.core.workflow.table import chain_of, current_state

#: So much of a text is indexed, in characters.
TEXT_LIMIT = 200_000
#: What the full text is made of where a document has no ``getSearchableText``.
TEXT_PROPERTIES = ("title", "reference", "description", "text_content")


def is_indexable(document: Any) -> bool:
    """Is the document attached below a site, and of a class that wants to be found?"""
    if document.isTempObject() or not getattr(type(document), "is_indexable", True):
        return False
    here, parent = document, document.getParentValue()
    if parent is None:  # the site itself
        return False
    while parent is not None:
        if parent.get_child(here.getId()) is not here:
            return False
        here, parent = parent, parent.getParentValue()
    return bool(getattr(type(here), "is_site", False))


def document_values(document: Any, store: CatalogStore, columns: dict[str, Column]) -> dict[str, Any]:
    """``{column: normalised value}``, without those that have none.

    Workflow states get a column each at first sight; ``columns`` is extended by it. A value that does not fit its
    column is left out: an odd property must not keep a document from being saved.
    """
    values: dict[str, Any] = {}
    for name, column in columns.items():
        if name not in SPECIAL and not name.endswith("_state"):
            _set(values, column, _get(document, column))
    for name, function in SPECIAL.items():
        _set(values, columns[name], function(document))
    values["security_uid"] = store.security.number(allowed_principals(VIEW, document))
    for name, state in _states(document).items():
        if name not in columns:
            store.state_columns[name] = 1
            columns[name] = Column(name, "token")
        _set(values, columns[name], state)
    return values


def _get(document: Any, column: Column) -> Any:
    if callable(column.getter):
        return column.getter(document)
    return document.getProperty(column.getter or column.name)


def _set(values: dict[str, Any], column: Column, value: Any) -> None:
    if value is None or value == "" or value == ():
        return
    try:
        values[column.name] = column.normalise(value)
    except (TypeError, ValueError, OverflowError):
        return


def _states(document: Any) -> Mapping[str, str]:
    return {
        definition.state_variable: current_state(document, definition)
        for definition in chain_of(document).definitions
        if definition.state_variable
    }


def searchable_text(document: Any) -> str:
    """The words that find the document."""
    method = own_method(document, "getSearchableText")
    if method is not None:
        return str(method() or "")[:TEXT_LIMIT]
    parts = (document.getProperty(name) for name in TEXT_PROPERTIES)
    return " ".join(str(part)[:TEXT_LIMIT] for part in parts if part)


def local_role_list(document: Any) -> tuple[str, ...]:
    """``("Assignee:anna", ...)``: roles given on the document itself."""
    roles = document.getLocalRoles() if hasattr(document, "getLocalRoles") else {}
    return tuple(f"{role}:{user}" for user, given in roles.items() for role in given)


SPECIAL = {
    "relative_url": lambda document: document.getRelativeUrl(),
    "parent_uid": lambda document: document.getParentValue().getUid(),
    "id": lambda document: document.getId(),
    "portal_type": lambda document: document.getPortalType(),
    "security_uid": lambda document: None,
    "title": lambda document: document.getTitle(),
    "owner": lambda document: document.getOwner(),
    "categories": lambda document: tuple(document.getCategoryList()),
    "local_roles": local_role_list,
    "SearchableText": searchable_text,
}
