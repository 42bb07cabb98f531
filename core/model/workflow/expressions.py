"""Guard expressions: ``python: here.getSize() > 0 and "Assignor" in roles``, run with the rules of restricted scripts.

The prefix ``python:`` may be left out. Names: ``here`` (also ``object``, ``context``) the document, ``container`` its
parent, ``portal`` the site, ``user``, ``roles`` (those of the user on the document), ``state_change`` in transitions.
"""

from __future__ import annotations

from typing import Any

from wendelin.core.errors import ScriptError, Unauthorized, WorkflowError
from wendelin.core.interfaces import IDocument
from wendelin.core.model.scripting.restricted.environment import evaluate
from wendelin.core.security import get_user, roles_in_context


def evaluate_expression(expression: str, document: IDocument, state_change: dict[str, Any] | None = None) -> Any:
    """The value of an expression on ``document``. Raises WorkflowError that names the expression."""
    user = get_user()
    names = {
        "here": document,
        "object": document,
        "context": document,
        "container": document.__parent__,
        "portal": document.getPortalObject(),
        "user": user,
        "roles": sorted(roles_in_context(user, document)),
        "state_change": state_change or {},
    }
    source = expression.removeprefix("python:").strip()
    try:
        return evaluate(source, names, f"expression on {document.getPath()}")
    except (ScriptError, ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError) as error:
        raise WorkflowError(f"expression {source!r} on {document.getPath()}: {error}") from error


def holds(condition: str, document: IDocument, state_change: dict[str, Any] | None = None) -> bool:
    """Whether a condition is true, or there is none. It is not for users who may not see what it looks at.

    Raises WorkflowError for an expression that does not work.
    """
    try:
        return not condition or bool(evaluate_expression(condition, document, state_change))
    except Unauthorized:
        return False
