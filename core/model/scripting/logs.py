"""``log`` for scripts: a line in the log of the process that runs the script.

Scripts import it as ERP5's: ``from Products.ERP5Type.Log import log``; documents have it as the method ``log``.
"""

from __future__ import annotations

import logging

from wendelin.core.interfaces import IDocument
from wendelin.core.security import get_user, trusted_method

MAX_TEXT = 10_000
_logger = logging.getLogger("wendelin.scripts")


def log(description: object, content: object = "", level: int = logging.INFO) -> None:
    """Write a line: what it is about, what there is to say, the user. At most 10,000 characters are kept of each."""
    text = ": ".join(_one_line(part) for part in (description, content) if part != "")
    _logger.log(int(level), "%s (%s)", text, get_user().id)


@trusted_method
def log_of_document(context: IDocument, description: object, content: object = "", level: int = logging.INFO) -> None:
    """``document.log(description, content)``: as `log`, with the document's path."""
    log(f"{context.getPath()}: {_one_line(description)}", content, level)


def _one_line(value: object) -> str:
    return str(value)[:MAX_TEXT].encode("unicode_escape").decode("ascii")
