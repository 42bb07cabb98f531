"""``actions.toml``: global actions, which every page offers (My Favourites and the user's menu)."""

from __future__ import annotations

from collections.abc import Iterator

from wendelin.core.business_templates.checking.known import Known
from wendelin.core.business_templates.checking.words import check_words
from wendelin.core.business_templates.items.item import Item, Record
from wendelin.core.business_templates.items.property_sheets import check_plain
from wendelin.core.business_templates.text.problems import OWNER, Problem
from wendelin.core.business_templates.text.shapes import shape_of
from wendelin.core.business_templates.text.source_files import SourceFile, tables
from wendelin.core.model.objects.properties import from_data
from wendelin.core.model.objects.site import Site
from wendelin.core.model.portal_types.actions import Action

ACTIONS = "portal_actions/"


def read_actions(source: SourceFile) -> Iterator[Item]:
    """The global actions of the file."""
    for entry in tables(source.data, "action"):
        yield ActionItem(source, ACTIONS + str(entry.get("id", "")), entry)


class ActionItem(Item):
    """One global action; ``portal_actions`` keeps them all in a tuple."""

    kind = "action"
    is_document = False
    shape = shape_of(Action)

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with the action's values, its words and its category, and an id that the site uses already."""
        yield from check_plain(self, Action, dict(self.data))
        yield from check_words(self, known, self.data)
        if self.data.get("category") not in ("global", "user"):
            yield self.source.problem(f"action {self.id!r}: category must be 'global' or 'user'", near=self.id)
        own = known.owners.get(self.path) is None
        if own and any(action.id == self.id for action in known.site.portal_actions.action_list):
            yield self.source.problem(f"the site already has the global action {self.id!r}", OWNER, near=self.id)

    def install(self, site: Site) -> Record:
        """Add the action behind those that are there."""
        tool = site.portal_actions
        tool.action_list = (*tool.action_list, from_data(Action, dict(self.data)))
        return self.record()


def remove_action(site: Site, record: Record) -> None:
    """Take the action out of the tuple."""
    tool = site.portal_actions
    id = record["path"].removeprefix(ACTIONS)
    tool.action_list = tuple(action for action in tool.action_list if action.id != id)
