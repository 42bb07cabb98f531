"""``workflows/<id>.toml``: states, transitions, worklists and interactions (the format is that of
`wendelin.core.model.workflow`).
"""

from __future__ import annotations

from collections.abc import Iterator

from wendelin.core.business_templates.checking.known import TYPES, Known
from wendelin.core.business_templates.checking.words import check_permissions, check_roles, check_words
from wendelin.core.business_templates.items.item import DocumentItem
from wendelin.core.business_templates.text.problems import Problem
from wendelin.core.business_templates.text.shapes import id_problems
from wendelin.core.business_templates.text.source_files import tables
from wendelin.core.errors import WorkflowError
from wendelin.core.model.objects.site import Site
from wendelin.core.model.workflow.definition import read_definition
from wendelin.core.model.workflow.workflow import Workflow

PARTS = ("state", "transition", "worklist", "interaction", "variable")
SCRIPT_KEYS = ("before_script", "after_script", "before_commit_script", "activate_script")


class WorkflowItem(DocumentItem):
    """One workflow."""

    kind = "workflow"

    def check_shape(self) -> Iterator[Problem]:
        """Problems with the ids of states, transitions and the like; `check` looks at the rest."""
        for part in PARTS:
            yield from id_problems(self.source, part, self.data.get(part, []))

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with the definition, and with the scripts, portal types, permissions and roles that it names."""
        try:
            read_definition(self.id, self.data)
        except WorkflowError as error:
            for line in str(error).splitlines():
                yield self.source.problem(line.removeprefix(f"workflow {self.id}: "))
            return
        for part in ("transition", "interaction"):
            for entry in tables(self.data, part):
                for key in SCRIPT_KEYS:
                    yield from known.check_skin_method(self, entry.get(key))
        yield from self._check_words(known)
        for part in ("worklist", "interaction"):
            for entry in tables(self.data, part):
                yield from known.check(self, TYPES, entry.get("portal_type"))

    def _check_words(self, known: Known) -> Iterator[Problem]:
        """Problems with permissions, roles and conditions anywhere in the workflow."""
        for part in ("transition", "worklist", "interaction"):
            for entry in tables(self.data, part):
                yield from check_words(self, known, entry)
        for state in tables(self.data, "state"):
            permissions = state.get("permissions")
            for permission, roles in permissions.items() if isinstance(permissions, dict) else ():
                yield from check_permissions(self, known, [permission])
                yield from check_roles(self, roles)

    def make(self, site: Site) -> Workflow:
        """The workflow, with its definition."""
        return Workflow.from_data(self.id, self.data)
