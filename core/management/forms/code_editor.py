"""The editor of scripts, page templates and definitions: CodeMirror, for users who prefer it, where it is installed.

It comes with the front-end packages (package.json). Without it, without a script, and for those who prefer plain
text, code is edited in a plain text area, which sends the same.
"""

from __future__ import annotations

from typing import Final

from pyramid.request import Request

from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.model.objects.document import Document
from wendelin.core.web.requests.urls import static_url

STATIC: Final = "codemirror"
STYLES: Final = ("lib/codemirror.css", "addon/dialog/dialog.css")
ADDONS: Final = ("dialog/dialog", "search/searchcursor", "search/search", "search/jump-to-line", "edit/matchbrackets")
#: What a property holds, where that is the same in all documents.
LANGUAGE_OF_PROPERTY: Final = {"body": "python", "definition_text": "toml", "text": "htmlmixed"}
LANGUAGE_OF_TYPE: Final = {
    "text/css": "css",
    "text/html": "htmlmixed",
    "text/javascript": "javascript",
    "application/javascript": "javascript",
    "application/json": "javascript",
    "text/x-python": "python",
    "text/xml": "xml",
    "application/xml": "xml",
    "image/svg+xml": "xml",
}
#: The scripts that know a language, those that it is made of first.
MODES: Final = {
    "python": ("python",),
    "toml": ("toml",),
    "css": ("css",),
    "javascript": ("javascript",),
    "xml": ("xml",),
    "htmlmixed": ("xml", "javascript", "css", "htmlmixed"),
}


def add_editor(request: Request, document: Document, form: FieldSet) -> dict[str, list[str]]:
    """Say in each field of code what language it is in; the addresses of the ``styles`` and ``scripts`` to load."""
    code = [entry for entry in form if entry.field.kind == "code" and entry.field.editable]
    registered = STATIC in request.registry["wendelin.registry"].get("static")
    preferred = request.site.portal_preferences.getPreference("preferred_source_code_editor") == STATIC
    if not (code and registered and preferred):
        return {"styles": [], "scripts": []}
    for entry in code:
        entry.language = language_of(document, entry.field.id)
    modes = dict.fromkeys(mode for entry in code for mode in MODES.get(entry.language, ()))
    scripts = ["lib/codemirror.js", *(f"addon/{name}.js" for name in ADDONS)]
    scripts += [f"mode/{name}/{name}.js" for name in modes]
    return {
        "styles": [*(static_url(request, STATIC, name) for name in STYLES), static_url(request, "core", "editor.css")],
        "scripts": [*(static_url(request, STATIC, name) for name in scripts), static_url(request, "core", "editor.js")],
    }


def language_of(document: Document, id: str) -> str:
    """The language of what stands in a property: a name of `MODES`, or "text" for any other."""
    if id in LANGUAGE_OF_PROPERTY:
        return LANGUAGE_OF_PROPERTY[id]
    content_type = str(document.getProperty("content_type") or "").partition(";")[0].strip().lower()
    return LANGUAGE_OF_TYPE.get(content_type, "text")
