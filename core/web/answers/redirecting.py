"""``Base_redirect``: the answer of a script that leads a browser on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther

from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import IDocument
from wendelin.core.security import trusted_method

_PAGE = re.compile(r"[A-Za-z0-9_@.-]*")


@trusted_method
def redirect(
    context: IDocument, form_id: str = "view", keep_items: Mapping[str, object] | None = None, **kw: object
) -> HTTPSeeOther:
    """``Base_redirect``: the answer that leads a browser to a page of the document, never to another site.

    ``keep_items`` are the parameters of the address, such as ``portal_status_message``.
    """
    if not _PAGE.fullmatch(form_id or ""):
        raise BadRequest(f"Base_redirect: {form_id!r} is not the name of a page")
    query = urlencode({str(key): str(value) for key, value in (keep_items or {}).items()})
    path = f"{context.getPath()}/{form_id or 'view'}"
    return HTTPSeeOther(path + (f"?{query}" if query else ""))
