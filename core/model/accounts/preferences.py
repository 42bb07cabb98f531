"""Preferences: settings of each user, of the site, and of the system, asked by name.

``portal_preferences`` holds Preference documents. For a user count, in this order: the enabled ones that the user owns;
those enabled for the whole site; the System Preferences. The first in which a value is set answers, then the default of
the property. A preference is a property ``preferred_...`` of a property sheet of Preference or System Preference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from BTrees.OOBTree import OOBTree

from wendelin.core.model.objects.accessors import stored
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.events import StateChanged
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import Property
from wendelin.core.security import (
    ACCESS,
    ADD,
    DEFAULT_PERMISSION_MAP,
    LIST,
    PUBLIC,
    SERVICE_PERMISSION_MAP,
    VIEW,
    get_user,
    private,
    public,
    require_permission,
)

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig

SITE_PRIORITY: Final = 1
USER_PRIORITY: Final = 3
WORKFLOW: Final = "preference_workflow"
ENABLED: Final = "enabled"
GLOBAL: Final = "global"
_GETTER: Final = re.compile(r"(?:get|is)(Preferred[A-Z0-9]\w*?)(List)?")


class Preference(Folder):
    """Settings of one user, or with site priority and enabled by a manager, of all."""

    portal_type: str = "Preference"
    priority: int = USER_PRIORITY
    _owner: str = ""

    @public
    def isGlobalPriority(self) -> bool:
        """Whether it is meant for the whole site."""
        return self.priority != USER_PRIORITY


class SystemPreference(Preference):
    """Settings of the system: for the whole site, after all others."""

    portal_type: str = "System Preference"
    priority: int = SITE_PRIORITY

    @public
    def isGlobalPriority(self) -> bool:
        """Always."""
        return True


class PreferenceTool(Folder):
    """``portal_preferences``. Answers ``getPreferredSourceCodeEditor()`` for the preference of that name."""

    portal_type: str = "Preference Tool"
    permission_map = {
        **SERVICE_PERMISSION_MAP,
        **dict.fromkeys((VIEW, LIST, ADD), DEFAULT_PERMISSION_MAP[VIEW]),
    }
    #: owner -> ids of the preferences that the user owns
    _owned: OOBTree | None = None
    #: ids of the preferences in state "global"
    _global: tuple[str, ...] = ()

    # -- asking

    @public
    def getPreference(self, name: str, default: object = None) -> Any:
        """The value of ``preferred_...`` for the current user; ``default``, then the property's own, where none is set.

        Raises Unauthorized for a preference with a read permission that the user does not have.
        """
        prop = self._property(name)
        for preference in self._active():
            if stored(preference, name) is not None:
                if prop is not None and prop.read_permission != ACCESS:
                    require_permission(prop.read_permission, preference)
                return preference.getProperty(name)
        if default is None and prop is not None:
            return prop.convert(prop.default)
        return default

    @public
    def getActiveUserPreference(self) -> Preference | None:
        """The enabled preference of the current user, or None."""
        return next(self._active_of_user(), None)

    @public
    def getActiveSystemPreference(self) -> Preference | None:
        """The System Preference that counts, or None."""
        return next((found for found in self._active_of_site() if isinstance(found, SystemPreference)), None)

    @public
    def setPreference(self, name: str, value: object) -> None:
        """Set a preference for the current user alone, in a preference that is made when there is none.

        Raises Unauthorized for users who may not have preferences, BadRequest for an unknown name or a bad value.
        """
        require_permission(ADD, self)
        preference = self.getActiveUserPreference() or self._new_user_preference()
        preference.edit(**{name: value})

    def _new_user_preference(self) -> Preference:
        preference: Preference = self.newContent(portal_type="Preference", title=f"Preferences of {get_user().id}")
        preference.enable()
        return preference

    def __getattr__(self, name: str) -> Any:
        found = self._preference_of_getter(name)
        return super().__getattr__(name) if found is None else found

    def _preference_of_getter(self, name: str) -> Callable[..., Any] | None:
        match = _GETTER.fullmatch(name)
        if match is None:
            return None
        stem, suffix = _snake_case(match[1]), "_list" if match[2] else ""
        return partial(self.getPreference, stem + suffix if self._property(stem + suffix) is not None else stem)

    def attribute_permission_of(self, name: str) -> str | None:
        """Scripts may use the getters that this class makes up."""
        return PUBLIC if _GETTER.fullmatch(name) else None

    def _property(self, name: str) -> Property | None:
        for portal_type in (Preference.portal_type, SystemPreference.portal_type):
            found = self.getPortalObject().type_information(portal_type).property_dict.get(name)
            if found is not None:
                return cast(Property, found)
        return None

    # -- which count

    def _active(self) -> Iterator[Preference]:
        yield from self._active_of_user()
        yield from self._active_of_site()

    def _active_of_user(self) -> Iterator[Preference]:
        """Enabled and owned by the current user."""
        for id in () if self._owned is None else self._owned.get(get_user().id, ()):
            if _state(self[id]) == ENABLED:
                yield self[id]

    def _active_of_site(self) -> Iterator[Preference]:
        """Global: first Preferences, then System Preferences, each by id."""
        found = [self[id] for id in sorted(self._global)]
        yield from sorted(found, key=lambda preference: isinstance(preference, SystemPreference))

    # -- bookkeeping

    def _attach(self, id: str, document: Document) -> None:
        super()._attach(id, document)
        if isinstance(document, Preference):
            self._note_owner(document, add=True)
            self.note_state(document)

    @private
    def detach(self, id: str) -> Document:
        """As every folder's, and forget what was remembered of the child."""
        document = super().detach(id)
        if isinstance(document, Preference):
            self._note_owner(document, add=False)
            self._global = tuple(other for other in self._global if other != id)
        return document

    def _note_owner(self, preference: Preference, add: bool) -> None:
        if self._owned is None:
            self._owned = OOBTree()
        others = tuple(id for id in self._owned.get(preference._owner, ()) if id != preference.__name__)
        self._owned[preference._owner] = (*others, preference.__name__) if add else others

    def note_state(self, preference: Preference) -> None:
        """Remember whether a preference counts for the whole site."""
        others = tuple(id for id in self._global if id != preference.__name__)
        now = (*others, preference.__name__) if _state(preference) == GLOBAL else others
        if now != self._global:
            self._global = now


def _state(preference: Preference) -> str:
    history = (preference.workflow_history or {}).get(WORKFLOW, ())
    return history[-1].get("preference_state", "") if history else ""


def _snake_case(name: str) -> str:
    """``PreferredSourceCodeEditor`` -> ``preferred_source_code_editor``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def note_state_change(event: StateChanged) -> None:
    """Keep ``portal_preferences`` informed of what became global, or is so no more."""
    if event.workflow_id == WORKFLOW and isinstance(event.document.__parent__, PreferenceTool):
        preference, tool = event.document, event.document.__parent__
        if isinstance(preference, Preference) and tool.get_child(preference.__name__) is preference:
            tool.note_state(preference)


def includeme(config: PluginConfig) -> None:
    """Preferences listen to their workflow."""
    config.add_subscriber(StateChanged, note_state_change)
