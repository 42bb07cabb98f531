"""What is wrong with a set of business templates: every problem is collected first, then all are raised at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wendelin.core.errors import BusinessTemplateError, MissingDependency, PathOwned

SYNTAX = "syntax"
DEPENDENCY = "dependency"
OWNER = "owner"
REFERENCE = "reference"

ERROR_CLASSES: dict[str, type[BusinessTemplateError]] = {DEPENDENCY: MissingDependency, OWNER: PathOwned}


@dataclass(frozen=True)
class Problem:
    """One thing that has to be repaired: ``template`` is a title, ``file`` is relative to the template's folder."""

    kind: str
    message: str
    template: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = "/".join(part for part in (self.template, self.file) if part)
        if self.line:
            place += f":{self.line}"
        return f"{place}: {self.message}" if place else self.message


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise one error that lists every problem; do nothing when there is none.

    The class is the most precise one that fits all of them: problems of several kinds are a plain
    BusinessTemplateError.
    """
    found = list(dict.fromkeys(problems))
    if not found:
        return
    kinds = {problem.kind for problem in found}
    error_class = ERROR_CLASSES.get(kinds.pop(), BusinessTemplateError) if len(kinds) == 1 else BusinessTemplateError
    raise error_class([str(problem) for problem in found])
