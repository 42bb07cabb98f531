"""``portal_types/<Type>.toml`` with ``extends = true``: more for a type that another template owns.

What is added is kept in the installed template's record. The type's lists are always the type's own entries followed
by those of the extensions, by title of template; so removing one extension leaves exactly what the others, the owner
and the user put there, whatever the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wendelin.core.business_templates.checking.known import TYPES, Known
from wendelin.core.business_templates.checking.site_paths import find
from wendelin.core.business_templates.items.item import Item, Record
from wendelin.core.business_templates.items.portal_types import (
    LIST_KEYS,
    PARTS,
    TYPE_KEYS,
    check_fields,
    check_lists,
    check_parts,
)
from wendelin.core.business_templates.text.problems import OWNER, Problem
from wendelin.core.business_templates.text.source_files import tables
from wendelin.core.model.objects.site import Site
from wendelin.core.model.portal_types.actions import Action, Dialog, Form
from wendelin.core.model.portal_types.types import PortalType

KIND = "type_extension"
#: What the lists of a portal type hold: names of other things, and its own actions, forms and dialogs.
Entry = str | Action | Form | Dialog
ATTRIBUTES = (*LIST_KEYS, *(attribute for _, attribute in PARTS.values()))


class TypeExtensionItem(Item):
    """Entries for the lists of one portal type, and more actions, forms and dialogs."""

    kind = KIND
    is_extension = True
    is_document = False
    shape = {key: TYPE_KEYS[key] for key in (*LIST_KEYS, *PARTS, "extends")}

    @property
    def owned_paths(self) -> tuple[str, ...]:
        """The actions, forms and dialogs: ``portal_types/Data Stream#action/preview``."""
        return tuple(f"{self.path}#{key}/{entry.get('id')}" for key in PARTS for entry in tables(self.data, key))

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with the type that is extended, the names in the lists, and ids that the type has already."""
        yield from known.check(self, TYPES, [self.id])
        yield from check_lists(self, known)
        yield from check_parts(self, known)
        yield from check_fields(self, known)
        yield from self._check_taken(known, find(known.site, self.path))

    def _check_taken(self, known: Known, portal_type: PortalType | None) -> Iterator[Problem]:
        """Problems for actions, forms and dialogs that the type has already, from its owner or from the user."""
        for key, (_, attribute) in PARTS.items():
            taken = {entry.id for entry in getattr(portal_type, attribute, ())} if portal_type is not None else set()
            if self.path in known.brought:
                taken = {entry.get("id") for entry in tables(known.brought[self.path].data, key)}
            for entry in tables(self.data, key):
                if entry.get("id") in taken and f"{self.path}#{key}/{entry['id']}" not in known.owners:
                    message = f"{self.id} already has [[{key}]] {entry['id']!r}"
                    yield self.source.problem(message, OWNER, near=str(entry["id"]))

    def install(self, site: Site) -> Record:
        """Add the entries that the type does not have of its own; the record says which those are."""
        portal_type = find(site, self.path)
        wanted = self.additions()
        own = own_entries(portal_type, extension_records(site, self.path))
        added = {
            attribute: tuple(entry for entry in entries if key_of(entry) not in {key_of(e) for e in own[attribute]})
            for attribute, entries in wanted.items()
        }
        if "field_list" in added and not own["field_list"]:
            del added["field_list"]  # a type without a list of fields shows them all
        record = self.record(template=self.template, added={name: items for name, items in added.items() if items})
        compose(portal_type, extension_records(site, self.path), [*extension_records(site, self.path), record])
        return record

    def additions(self) -> dict[str, tuple[Entry, ...]]:
        """What the file says, as ``{attribute of the portal type: entries}``."""
        found = {key: tuple(self.data[key]) for key in LIST_KEYS if key in self.data}
        for key, (build, attribute) in PARTS.items():
            if key in self.data:
                found[attribute] = tuple(build(entry) for entry in self.data[key])
        return found


def remove_extension(site: Site, record: Record) -> None:
    """Take one extension's entries away, unless another extension adds them as well."""
    portal_type = find(site, record["path"])
    if portal_type is not None:
        present = extension_records(site, record["path"])
        compose(portal_type, present, [other for other in present if other["template"] != record["template"]])


def extension_records(site: Site, path: str) -> list[Record]:
    """Records of all installed extensions of the type at ``path``."""
    return [
        record
        for template in site.portal_templates.installed_documents()
        for record in template.record_list
        if record["kind"] == KIND and record["path"] == path
    ]


def own_entries(portal_type: PortalType, records: Iterable[Record]) -> dict[str, tuple[Entry, ...]]:
    """The type's lists without what extensions added."""
    extra: dict[str, set[str]] = {attribute: set() for attribute in ATTRIBUTES}
    for record in records:
        for attribute, entries in record["added"].items():
            extra[attribute].update(key_of(entry) for entry in entries)
    return {
        attribute: tuple(
            entry for entry in getattr(portal_type, attribute) or () if key_of(entry) not in extra[attribute]
        )
        for attribute in ATTRIBUTES
    }


def compose(portal_type: PortalType, before: list[Record], after: list[Record]) -> None:
    """Set the type's lists to its own entries and those of the extensions ``after``, where ``before`` were in place.

    An entry of ``before`` that is no longer there was removed by the user, and stays away.
    """
    own = own_entries(portal_type, before)
    for attribute in ATTRIBUTES:
        current = getattr(portal_type, attribute) or ()
        refused = _keys(before, attribute) - {key_of(entry) for entry in current}
        entries = list(own[attribute])
        for record in sorted(after, key=lambda record: record["template"]):
            present = {key_of(entry) for entry in entries} | refused
            entries.extend(entry for entry in record["added"].get(attribute, ()) if key_of(entry) not in present)
        if tuple(entries) != tuple(current):
            setattr(portal_type, attribute, tuple(entries))


def key_of(entry: Entry) -> str:
    """What makes an entry the same as another: its id, or itself when it is a text."""
    return entry if isinstance(entry, str) else entry.id


def _keys(records: Iterable[Record], attribute: str) -> set[str]:
    return {key_of(entry) for record in records for entry in record["added"].get(attribute, ())}
