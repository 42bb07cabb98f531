"""The header of a script or template file: its properties in leading comments.

In a ``.py`` file ``# wendelin: parameters="a, b=None" published="View" proxy_roles=["Manager"]``, in a ``.pt`` file the
same between ``<!--`` and ``-->``. Values are TOML. A header that says what the document still says is kept as it was
written; else one is written anew, with what differs from the defaults.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from wendelin.core.errors import ScriptError
from wendelin.core.model.objects.document import Document

NAMES = ("title", "reference", "parameters", "published", "request_method", "proxy_roles")
_ENTRY = re.compile(
    r"""\s*,?\s*([a-z_]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|\[(?:[^\]"']|"(?:[^"\\]|\\.)*"|'[^']*')*\]|[^\s,"'\[]+)"""
)
_PYTHON = re.compile(r"(?:#\s*wendelin:[^\n]*(?:\n|\Z))+")
_MARKUP = re.compile(r"<!--\s*wendelin:(.*?)-->[ \t]*\n?", re.DOTALL)


def parse_header(text: str, file_name: str = "", names: tuple[str, ...] = NAMES) -> tuple[dict[str, Any], str, str]:
    """``(values, header, rest)``: ``header + rest`` is ``text``. Raises `ScriptError` for what is not understood."""
    pattern = _MARKUP if file_name.endswith(".pt") else _PYTHON
    match = pattern.match(text)
    if match is None:
        return {}, "", text
    header = match[0]
    if pattern is _MARKUP:
        content = match[1]
    else:
        content = " ".join(line.partition("wendelin:")[2] for line in header.split("\n"))
    values = _entries(content.strip(), file_name)
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ScriptError(f"{file_name}: the header has {', '.join(unknown)}; known are {', '.join(names)}")
    return values, header, text[match.end() :]


def _entries(content: str, file_name: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    position = 0
    while position < len(content):
        match = _ENTRY.match(content, position)
        if match is None:
            raise ScriptError(f"{file_name}: cannot read the header at {content[position:].strip()[:40]!r}")
        values[match[1]] = _value(match[1], match[2], file_name)
        position = match.end()
    return values


def _value(name: str, text: str, file_name: str) -> Any:
    try:
        value = tomllib.loads(f"{name} = {text}")[name]
    except (ValueError, RecursionError) as error:
        raise ScriptError(f"{file_name}: header {name} = {text}: {error}") from error
    if name == "proxy_roles":
        if not isinstance(value, list) or not all(isinstance(role, str) for role in value):
            raise ScriptError(f"{file_name}: header proxy_roles is a list of role names, not {text}")
        return tuple(value)
    if not isinstance(value, str):
        raise ScriptError(f"{file_name}: header {name} is a string, not {text}")
    return value


def write_header(document: Document, file_name: str = ".py", names: tuple[str, ...] = NAMES) -> str:
    """The header to put before the source of ``document``; "" when it says nothing that the class does not say."""
    now = {name: getattr(document, name) or type(getattr(type(document), name) or "")() for name in names}
    defaults = {name: getattr(type(document), name) or type(now[name])() for name in names}
    now["proxy_roles"], defaults["proxy_roles"] = tuple(now.get("proxy_roles", ())), ()
    kept = document.header or ""
    if kept:
        said = parse_header(kept, file_name, names)[0]
        if {**defaults, **said} == now:
            return kept
    entries = [f"{name}={_written(now[name])}" for name in names if now[name] != defaults[name]]
    if not entries:
        return ""
    line = " ".join(entries)
    return f"<!-- wendelin: {line} -->\n" if file_name.endswith(".pt") else f"# wendelin: {line}\n"


def _written(value: str | tuple[str, ...]) -> str:
    """A TOML value on one line; what is not printable, or could end a comment, is escaped."""
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return "".join(c if c.isprintable() and c != ">" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
