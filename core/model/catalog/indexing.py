"""From a document to the values of its row: the one place where the catalog looks at documents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from wendelin.core.database import is_own_fault, reason_of
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import Column
from wendelin.core.model.objects.attributes import own_method
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import camel_case
from wendelin.core.model.workflow.chains import chain_of, current_state
from wendelin.core.security import VIEW, allowed_principals

logger = logging.getLogger(__name__)

#: Words after this many characters of a text are not indexed.
TEXT_LIMIT = 200_000
#: The properties that the full text is made of where a document has no ``getSearchableText``.
TEXT_PROPERTIES = ("title", "reference", "description", "text_content")

SIMULATION_STATE = "simulation_state"
DELIVERIES, MOVEMENTS = "delivery", "delivery_movement"  # groups of portal types
#: The column that says what of a document could not be read.
PROBLEM = "catalog_problem"
PROBLEM_LIMIT = 1000
T = TypeVar("T")

#: From a document to its value.
Reader = Callable[[Any], object]


def is_indexable(document: Document) -> bool:
    """Is the document attached below a site, and of a class without ``is_indexable = False``?"""
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


def document_values(document: Document, store: CatalogStore, columns: dict[str, Column]) -> dict[str, object]:
    """``{column: normalised value}``, without those that have none.

    Workflow states get a column each at first sight; ``columns`` is extended by it. A value that does not fit its
    column is left out, and so is one that cannot be read: neither may keep a document from being saved, or others from
    being found. What could not be read stands in the column ``catalog_problem``.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    for column, reader in _readers(document, columns):
        _set(values, column, _asked(reader, document, column.name, problems))
    for name, function in SPECIAL.items():
        _set(values, columns[name], _asked(function, document, name, problems))
    # A document that cannot say who may see it is shown to managers alone.
    principals = _asked(partial(allowed_principals, VIEW), document, "security_uid", problems)
    values["security_uid"] = store.security.number(("Manager",) if principals is None else principals)
    for name, state in (_asked(_states, document, "state", problems) or {}).items():
        if name not in columns:
            store.state_columns[name] = 1
            columns[name] = Column(name, "token")
        _set(values, columns[name], state)
    if problems:
        values[PROBLEM] = "; ".join(problems)[:PROBLEM_LIMIT]
    return values


def _asked(read: Callable[[Any], T], document: Document, name: str, problems: list[str]) -> T | None:
    """What the document answers; when it cannot, None, and the reason among the problems."""
    try:
        return read(document)
    except Exception as error:
        if not is_own_fault(error):
            raise
        logger.warning("%s: %s cannot be read for the catalog", document.getPath(), name, exc_info=error)
        problems.append(f"{name}: {reason_of(error)}")
        return None


def _readers(document: Document, columns: Mapping[str, Column]) -> list[tuple[Column, Reader]]:
    """How each plain column is read from documents of this class and portal type; made once per type."""
    compiled = document.getPortalObject().compiled("catalog")
    key = ("catalog readers", type(document), document.portal_type, len(columns))
    found: list[tuple[Column, Reader]] | None = compiled.get(key)
    if found is None:
        plain = [column for column in columns.values() if column.name not in NOT_READ]
        found = [(c, _reader(document, c)) for c in plain if not c.name.endswith("_state")]
        compiled[key] = found
    return found


def _reader(document: Document, column: Column) -> Reader:
    if callable(column.getter):
        return column.getter
    return property_reader(document, column.getter or column.name)


def property_reader(document: Document, name: str) -> Reader:
    """What ``getProperty(name)`` does for documents of this one's class and portal type, found once."""
    method = own_method(document, f"get{camel_case(name)}")
    if method is not None:
        return method.__func__ if hasattr(method, "__func__") else lambda other: other.getProperty(name)
    default = getattr(type(document), name, None)
    if callable(default) or hasattr(default, "__get__"):
        default = None

    def read(other: Document) -> object:
        other._p_activate()
        return other.__dict__.get(name, default)

    return read


def _set(values: dict[str, object], column: Column, value: object) -> None:
    if value is None or value == "" or value == ():
        return
    try:
        values[column.name] = column.normalise(value)
    except (TypeError, ValueError, OverflowError):
        return


def _states(document: Document) -> Mapping[str, str]:
    """The document's states; a line of a delivery is in the state of that, as its ``getSimulationState`` says."""
    states = _own_states(document)
    parent = document.getParentValue()
    if SIMULATION_STATE not in states and parent is not None and is_in_group(document, MOVEMENTS):
        state = _own_states(parent).get(SIMULATION_STATE)
        return states if state is None else {**states, SIMULATION_STATE: state}
    return states


def _own_states(document: Document) -> dict[str, str]:
    return {
        definition.state_variable: current_state(document, definition)
        for definition in chain_of(document).definitions
        if definition.state_variable
    }


def is_in_group(document: Document, group: str) -> bool:
    """Whether the document's portal type is of that group."""
    return group in document.getTypeInfo().type_group_list


def lines_in_state(document: Document) -> list[Document]:
    """The lines of a delivery, whose rows change with its state; none for other documents."""
    if not isinstance(document, Folder) or not is_in_group(document, DELIVERIES):
        return []
    return [line for line in document.objectValues() if is_in_group(line, MOVEMENTS)]


def searchable_text(document: Document) -> str:
    """The words that find the document."""
    compiled = document.getPortalObject().compiled("catalog")
    key = ("catalog text", type(document), document.portal_type)
    readers: list[Reader] | None = compiled.get(key)
    if readers is None:
        own = own_method(document, "getSearchableText") is not None
        names = ("searchable_text",) if own else TEXT_PROPERTIES
        readers = compiled[key] = [_text_reader(document, name) for name in names]
    parts = (reader(document) for reader in readers)
    return " ".join(str(part)[:TEXT_LIMIT] for part in parts if part)


def _text_reader(document: Document, name: str) -> Reader:
    if name == "searchable_text":
        return lambda other: other.getSearchableText()
    return property_reader(document, name)


def local_role_list(document: Document) -> tuple[str, ...]:
    """``("Assignee:anna", ...)``: roles given on the document itself."""
    return tuple(f"{role}:{user}" for user, given in document.getLocalRoles().items() for role in given)


#: Columns whose values are not simply a property of the document's.
SPECIAL: dict[str, Reader] = {
    "relative_url": lambda document: document.getRelativeUrl(),
    "parent_uid": lambda document: document.getParentValue().getUid(),
    "id": lambda document: document.getId(),
    "portal_type": lambda document: document.getPortalType(),
    "title": lambda document: document.getTitle(),
    "owner": lambda document: document.getOwner(),
    "categories": lambda document: document.categories,
    "local_roles": local_role_list,
    "SearchableText": searchable_text,
}

#: Columns that no reader of its own fills.
NOT_READ = frozenset({*SPECIAL, "security_uid", PROBLEM})
