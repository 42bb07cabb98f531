"""What a transaction did, in words: the undo page names it so, and keeps the request's own line beside it."""

from __future__ import annotations

import re

from wendelin.core.database import is_own_fault
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import Site

REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*)")
ACTIVITY = re.compile(r"activity: (?P<path>/.*)\.(?P<name>\w+)")
UNDO = "undo: "
#: By the last word of the address: what a form that is sent there does to the document before it.
DONE = {
    "view": "{} was edited",
    "metadata": "{} was edited",
    "add_content": "A document was added to {}",
    "clone": "{} was cloned",
    "delete": "{} was deleted",
    "list_delete": "Documents were deleted from {}",
    "list_action": "Documents were pasted into {}",
    "list_workflow": "Documents of {} changed their state",
    "Base_viewWorkflowActionDialog": "{} changed its state",
    "customise": "{} was customised",
    "ingest": "Data came in by {}",
    "add_user": "A user was added to {}",
    "change_activities": "Activities of {} were changed",
    "templates_install": "Business templates were installed",
    "templates_uninstall": "Business templates were uninstalled",
    "password": "A password was changed",
    "undo": "Transactions were undone",
}


def in_words(site: Site, description: str) -> str:
    """``POST /erp5/document_module/1/view`` is "Wind (document_module/1) was edited"; "" for no description."""
    if description.startswith(UNDO):
        return f"Undone: {in_words(site, description.removeprefix(UNDO))}"
    request, activity = REQUEST.fullmatch(description), ACTIVITY.fullmatch(description)
    if request is not None:
        return _of_request(site, request["method"], request["path"].split("?")[0])
    if activity is not None:
        return f"Activity {activity['name']} of {_name(site, activity['path'].strip('/').split('/'))}"
    return description[:1].upper() + description[1:]


def _of_request(site: Site, method: str, path: str) -> str:
    names = [name for name in path.split("/") if name]
    if names[:1] == [site.__name__]:
        names = names[1:]
    if names and names[-1] in DONE:
        return DONE[names[-1]].format(_name(site, names[:-1]))
    found = _find(site, names)
    if found is not None:
        return f"{_name(site, names) if names else 'The site'} was changed ({method})"
    return f"{names[-1]} of {_name(site, names[:-1])}" if names else "The site was changed"


def _name(site: Site, names: list[str]) -> str:
    """The title that the document at that place has now, and the place; the place alone where nothing is left."""
    if not names:
        return "the site"
    place, document = "/".join(names), _find(site, names)
    if document is None:
        return place
    try:
        title = document.getTitle()
    except Exception as error:
        if not is_own_fault(error):
            raise
        return place
    return f"{title} ({place})" if title != names[-1] else place


def _find(site: Site, names: list[str]) -> Document | None:
    here: Document | None = site
    for name in names:
        here = here.get_child(name) if isinstance(here, Folder) else None
    return here
