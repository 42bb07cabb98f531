"""What a browser may do with stored bytes: who uploads a file must not act with the rights of whoever opens it.

Everything that users store and the site serves passes here. A browser shows what cannot act (pictures, sound, text);
all else it saves. No stored byte counts as a script or a style of a page, whatever type its document claims: with
``nosniff``, browsers run only what has a script's type. And whatever is shown has an origin of its own
(``sandbox``), so that it could reach nothing of the site even if it ran.

Sources: RFC 6838 and RFC 9110 (form of a type), WHATWG MIME Sniffing 4.6 (JavaScript types), CSP 3 (sandbox).
"""

from __future__ import annotations

import re

UNKNOWN_TYPE = "application/octet-stream"
TEXT = "text/plain"

#: ``type/subtype`` and parameters of plain characters; nothing else can stand in a header.
_FORM = re.compile(
    r"([a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64})((?:\s*;\s*[\w.+-]{1,32}=[\w.+:/-]{0,64})*)\s*", re.I | re.A
)

INLINE_TYPES = frozenset(
    {
        "application/json",
        "audio/aac",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/vnd.wave",
        "audio/wav",
        "audio/wave",
        "audio/webm",
        "audio/x-flac",
        "audio/x-wav",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/vnd.microsoft.icon",
        "image/webp",
        "image/x-icon",
        "text/csv",
        "text/markdown",
        TEXT,
        "video/mp4",
        "video/ogg",
        "video/webm",
    }
)
#: Parts of the names of types that a page loads as code: scripts, styles, style sheets of XML, WebAssembly.
_CODE = re.compile(r"script|css|xsl|wasm|manifest", re.I)

STORED_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def served_type(content_type: str | None) -> tuple[str, bool]:
    """The type to send for what a document claims, and whether a browser may show it.

    What is no type at all becomes ``application/octet-stream``. Code becomes plain text: it can be read, and runs
    nowhere.
    """
    found = _FORM.fullmatch(content_type or "")
    if found is None:
        return UNKNOWN_TYPE, False
    essence = found[1].lower()
    if _CODE.search(essence):
        return f"{TEXT}; charset=utf-8", True
    if essence in INLINE_TYPES:
        return essence + found[2], True
    return essence + found[2], False
