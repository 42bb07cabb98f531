"""The key that signs cookies: made at the first start, kept for its owner's eyes only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

NAME = "web-secret"


def read_secret(var: Path | None) -> str:
    """The key in ``var/web-secret``; made, readable for its owner alone, when it is not there.

    Without ``var`` it is a new one that nobody keeps.
    """
    if var is None:
        return secrets.token_hex(32)
    path = var / NAME
    var.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_existing(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32))
        stream.flush()
        os.fsync(stream.fileno())
    return path.read_text("ascii")


def _read_existing(path: Path) -> str:
    """An empty file (the process died while writing it) is replaced; a readable one is closed to others."""
    secret = path.read_text("ascii").strip()
    if len(secret) < 32:
        path.unlink()
        return read_secret(path.parent)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return secret
