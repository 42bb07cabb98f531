"""Addresses: of documents, of views on them, of static files. Paths only, so that they are right behind any proxy."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pyramid.request import Request

from wendelin.core.interfaces import IDocument

STATIC_PREFIX = "/erp5/static/"


def is_static(request: Request) -> bool:
    """Static files need neither the database nor a user."""
    return bool(request.path_info.startswith(STATIC_PREFIX))


def url(request: Request, document: IDocument | str, *names: str, **query: Any) -> str:
    """``url(request, document, "view", form="metadata")`` -> ``/erp5/a/1/view?form=metadata``; None is left out.

    Instead of a document its path will do (``"/erp5"``).
    """
    path = document if isinstance(document, str) else document.getPath()
    path = quote("/".join((path.rstrip("/"), *names)), safe="/~:@!$&'()*+,;=")
    pairs = {key: value for key, value in query.items() if value is not None}
    # Several leading slashes would make the browser take the first segment for a host.
    prefix = f"{request.script_name}/{path.lstrip('/')}"
    return prefix + ("?" + urlencode(pairs, doseq=True) if pairs else "")


def static_url(request: Request, name: str, path: str) -> str:
    """A registered static file, with a short digest of its content, so that browsers may keep it."""
    registration = request.registry["wendelin.registry"].get("static")[name]
    file = registration.value / path
    return f"{request.script_name}{STATIC_PREFIX}{quote(name)}/{quote(path)}?v={_digest(file, file.stat().st_mtime_ns)}"


@lru_cache(maxsize=1000)
def _digest(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def is_own_path(address: str) -> bool:
    """True for a path on this site ("/erp5/..."), false for anything that a browser could take elsewhere."""
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    if any(character < " " or character == "\x7f" for character in address):
        return False
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc
