"""A workflow as a document of ``portal_workflow``: its data is kept whole and replaced whole."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import tomli_w

from wendelin.core.errors import BadRequest, WorkflowError
from wendelin.core.model.objects.creation import identify
from wendelin.core.model.objects.document import Document
from wendelin.core.model.portal_types.definition_text import DefinitionText
from wendelin.core.model.workflow.definition import Definition, read_definition
from wendelin.core.model.workflow.recataloguing import announce_new_viewers, viewers
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, protected


class Workflow(DefinitionText, Document):
    """One workflow. ``_data`` is never changed in place, so that a change is always noticed and announced."""

    portal_type: str = "Workflow"
    permission_map = MANAGER_PERMISSION_MAP
    description: str = ""
    _owner: str
    _data: Mapping[str, Any] = {}
    _v_definition: Definition | None = None

    @classmethod
    def from_data(cls, workflow_id: str, data: Mapping[str, Any]) -> Workflow:
        """A workflow made from the tables of its TOML file. Raises WorkflowError with every problem."""
        workflow = cls()
        workflow.__name__ = workflow_id
        identify(workflow)
        workflow._set_data(workflow_id, data)
        return workflow

    def to_data(self) -> dict[str, Any]:
        """What :meth:`from_data` was given, equal in every key and order."""
        return deepcopy(dict(self._data))

    def set_data(self, data: Mapping[str, Any]) -> None:
        """Replace the whole definition; it counts at once, for every document. Raises WorkflowError.

        Where other users may see documents now, the catalog follows: of the first documents at once, of the others in
        activities.
        """
        old_viewers = viewers(self.definition)
        self._set_data(self.getId(), data)
        site = self.getPortalObject()
        if site is not None:
            site.touch_types()
            if viewers(self.definition) != old_viewers:
                announce_new_viewers(self.__parent__, self.__name__)

    def _set_data(self, workflow_id: str, data: Mapping[str, Any]) -> None:
        definition = read_definition(workflow_id, data)
        self._data = deepcopy(dict(data))
        self.title, self.description = definition.title, definition.description
        self._v_definition = None

    @property
    def definition(self) -> Definition:
        """The parsed data."""
        definition = self._v_definition
        if definition is None or definition.id != self.__name__:  # renamed
            definition = self._v_definition = read_definition(self.__name__, self._data)
        return definition

    def _dump_definition(self) -> str:
        return tomli_w.dumps(self._data, multiline_strings=True)

    def _replace_definition(self, data: Mapping[str, Any]) -> None:
        try:
            self.set_data(data)
        except WorkflowError as error:
            raise BadRequest(str(error)) from error

    @protected(MANAGE)
    def getStateTitleList(self) -> list[str]:
        """Titles of all states, in order."""
        return [state.title or state.id for state in self.definition.state.values()]
