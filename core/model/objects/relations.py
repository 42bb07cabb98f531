"""Methods made from base categories: ``getSource``, ``getSourceValueList(portal_type=...)``, ``getSourceRelatedList``.

A document keeps its relations in ``categories``, a tuple of strings ``"<base category>/<path>"``. The path leads to a
category of that base (``use/big_data/ingestion`` is ``portal_categories/use/big_data/ingestion``) or, from the site,
to any document (``resource/data_product_module/1``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.accessors import Accessor, announcing, with_permission
from wendelin.core.model.objects.events import DocumentModified, notify
from wendelin.core.model.objects.properties import CategoryProperty, camel_case
from wendelin.core.security import check_permission

if TYPE_CHECKING:
    from wendelin.core.model.objects.document import Document

TypeFilter = str | Iterable[str] | None
# What a target can be asked for, beside the target itself: accessor suffix -> method of the target.
ASPECTS = {"Title": "getTitle", "Reference": "getReference", "Id": "getId", "Uid": "getUid"}


def url_list(document: Document, base: str) -> list[str]:
    """Relative URLs (without the base category) of the document's own relations of a base category, in order."""
    prefix = base + "/"
    return [entry[len(prefix) :] for entry in document.categories if entry.startswith(prefix)]


def resolve(document: Document, base: str, url: str) -> Any:
    """The document that a relation's relative URL means, or None when it is gone."""
    site = document.getPortalObject()
    if site is None:
        return None
    category = site.unrestrictedTraverse(f"portal_categories/{base}/{url}", None)
    return category if category is not None else site.unrestrictedTraverse(url, None)


def value_list(document: Document, base: str, portal_type: TypeFilter = None) -> list[Document]:
    """The documents that the relation leads to, of those portal types; relations to what is gone are passed over."""
    wanted = type_set(portal_type)
    found = (resolve(document, base, url) for url in acquired_url_list(document, base))
    return [value for value in found if value is not None and (wanted is None or value.portal_type in wanted)]


def acquired_url_list(document: Document, base: str) -> list[str]:
    """The document's own relations or, where the base category says so, those of its container."""
    own = url_list(document, base)
    if own:
        return own
    site = document.getPortalObject()
    base_category = site["portal_categories"].get(base) if site is not None else None
    if base_category is None or "parent" not in base_category.acquisition_base_category_list:
        return own
    parent = document.getParentValue()
    return acquired_url_list(parent, base) if parent is not None and parent is not site else own


def type_set(portal_type: TypeFilter) -> frozenset[str] | None:
    """A portal type filter as a set; None and empty mean "any"."""
    if not portal_type:
        return None
    return frozenset((portal_type,)) if isinstance(portal_type, str) else frozenset(portal_type)


def set_url_list(document: Document, base: str, urls: Iterable[str]) -> bool:
    """Replace the document's relations of a base category; False when nothing changed."""
    prefix = base + "/"
    others = tuple(entry for entry in document.categories if not entry.startswith(prefix))
    new = tuple(dict.fromkeys(prefix + _clean(base, url) for url in urls if url))
    old = tuple(entry for entry in document.categories if entry.startswith(prefix))
    if new == old:
        return False
    document.categories = others + new
    return True


def _clean(base: str, url: str) -> str:
    if not isinstance(url, str):
        raise BadRequest(f"{base}: expected a relative URL such as 'data_product_module/1', got {type(url).__name__}")
    return url.strip("/").removeprefix("portal_categories/").removeprefix(base + "/")


def url_of(base: str, value: object) -> str:
    """The relative URL to keep for a target document."""
    if not hasattr(value, "getRelativeUrl"):
        raise BadRequest(f"{base}: expected a document, got {type(value).__name__}")
    url: str = value.getRelativeUrl()
    return url


def related_value_list(
    document: Document, base: str, portal_type: TypeFilter = None, checked_permission: str | None = None
) -> list[Document]:
    """The documents that have a relation of that base category to this one."""
    query: dict[str, Any] = {f"strict_{base}_uid": document.getUid()}
    if portal_type:
        query["portal_type"] = portal_type if isinstance(portal_type, str) else list(portal_type)
    catalog = document.getPortalObject().portal_catalog
    found = list(catalog.unrestrictedSearchResults(**query).documents())
    if checked_permission:
        return [value for value in found if check_permission(checked_permission, value)]
    return found


def referring_value_list(document: Document, portal_type: TypeFilter, query: Mapping[str, Any]) -> list[Document]:
    """The documents with a relation of any base category to this one that the current user may view."""
    wanted = {"portal_type": portal_type if isinstance(portal_type, str) else list(portal_type)} if portal_type else {}
    catalog = document.getPortalObject().portal_catalog
    return list(catalog(strict_category_uid=document.getUid(), **wanted, **query).documents())


def make_category_accessors(prop: CategoryProperty) -> dict[str, Accessor]:
    """All methods of one relation, by name."""
    name = camel_case(prop.id)
    read = _readers(prop, name)
    write = _writers(prop, name)
    methods = {key: with_permission(function, prop.read_permission, key) for key, function in read.items()}
    for key, function in write.items():
        public = key.removeprefix("_")
        methods[key] = with_permission(function, prop.write_permission, key)
        methods[public] = with_permission(announcing(function, prop.id), prop.write_permission, public)
    return methods


def _readers(prop: CategoryProperty, name: str) -> dict[str, Accessor]:
    base, narrowed = prop.base, prop.portal_type if prop.base_category else ()

    def get_value_list(self: Document, portal_type: TypeFilter = None, **_: Any) -> list[Document]:
        return value_list(self, base, portal_type or narrowed)

    def get_list(self: Document, portal_type: TypeFilter = None, **_: Any) -> list[str]:
        if portal_type or narrowed:
            return [_strip(base, value) for value in get_value_list(self, portal_type)]
        return acquired_url_list(self, base)

    def has(self: Document) -> bool:
        return bool(get_list(self))

    methods: dict[str, Accessor] = {f"has{name}": has, **_target_readers(base, name, get_value_list)}
    _add_forms(methods, f"get{name}", get_list, get_value_list, f"getDefault{name}")
    return methods


def _target_readers(base: str, name: str, get_value_list: Callable[..., list[Document]]) -> dict[str, Accessor]:
    """What is asked of the documents that the relation leads to: a property of the first, its path, items for a
    field.
    """

    def get_property(self: Document, key: str, default: object = None, portal_type: TypeFilter = None) -> Any:
        found = get_value_list(self, portal_type)
        return found[0].getProperty(key, default) if found else default

    def get_logical_path(self: Document, portal_type: TypeFilter = None, **_: Any) -> str | None:
        found = get_value_list(self, portal_type)
        return _logical_path(found[0]) if found else None

    def get_item_list(self: Document, portal_type: TypeFilter = None, **_: Any) -> list[tuple[str, str]]:
        return [(value.getTitle(), _strip(base, value)) for value in get_value_list(self, portal_type)]

    return {
        f"get{name}Property": get_property,
        f"get{name}LogicalPath": get_logical_path,
        f"get{name}ItemList": get_item_list,
    }


def make_related_accessors(base: str) -> dict[str, Accessor]:
    """The reverse methods of a base category (``getAggregateRelatedList``), which every document has."""
    name = camel_case(base)

    def get_value_list(
        self: Document, portal_type: TypeFilter = None, checked_permission: str | None = None, **_: Any
    ) -> list[Document]:
        return related_value_list(self, base, portal_type, checked_permission)

    def get_list(self: Document, portal_type: TypeFilter = None, **kw: Any) -> list[str]:
        return [value.getRelativeUrl() for value in get_value_list(self, portal_type, **kw)]

    methods: dict[str, Accessor] = {}
    _add_forms(methods, f"get{name}Related", get_list, get_value_list)
    return {key: with_permission(function, "Access contents information", key) for key, function in methods.items()}


def _add_forms(
    methods: dict[str, Accessor],
    stem: str,
    get_list: Callable[..., list[str]],
    get_value_list: Callable[..., list[Document]],
    default_stem: str = "",
) -> None:
    """URL, value and aspect forms (one, list, set) of a way to find documents."""
    _add_one_list_set(methods, stem, get_list, default_stem)
    _add_one_list_set(methods, f"{stem}Value", get_value_list, default_stem and f"{default_stem}Value")
    for aspect, method_id in ASPECTS.items():
        _add_one_list_set(methods, stem + aspect, _aspect_list(get_value_list, method_id), "")


def _aspect_list(get_value_list: Callable[..., list[Document]], method_id: str) -> Callable[..., list[Any]]:
    def get_aspect_list(self: Document, portal_type: TypeFilter = None, **kw: Any) -> list[Any]:
        return [getattr(value, method_id)() for value in get_value_list(self, portal_type, **kw)]

    return get_aspect_list


def _add_one_list_set(
    methods: dict[str, Accessor], stem: str, get_list: Callable[..., list[Any]], default_stem: str
) -> None:
    def get_many(self: Document, default: list[Any] | None = None, **kw: Any) -> list[Any]:
        return get_list(self, **kw) or (default if default is not None else [])

    def get_one(self: Document, default: object = None, **kw: Any) -> Any:
        found = get_list(self, **kw)
        return found[0] if found else default

    methods[f"{stem}List"] = get_many
    methods[f"{stem}Set"] = get_many
    methods[stem] = get_one
    if default_stem:
        methods[default_stem] = get_one


def _writers(prop: CategoryProperty, name: str) -> dict[str, Accessor]:
    base, narrowed = prop.base, frozenset(prop.portal_type if prop.base_category else ())

    def set_list(self: Document, value: Iterable[str] | str | None, portal_type: TypeFilter = None) -> bool:
        urls = [value] if isinstance(value, str) else list(value or ())
        before, after = _kept(self, base, type_set(portal_type) or narrowed)
        return set_url_list(self, base, [*before, *urls, *after])

    def set_value_list(self: Document, value: object, portal_type: TypeFilter = None) -> bool:
        many = value if isinstance(value, list | tuple | set | frozenset) else [value] if value is not None else []
        return set_list(self, [url_of(base, one) for one in many], portal_type)

    def set_default(self: Document, value: str | None, portal_type: TypeFilter = None) -> bool:
        # As in ERP5: what was there stays, the former default too; None takes the default of those types away.
        wanted = type_set(portal_type) or narrowed
        old = url_list(self, base)
        if value:
            return set_url_list(self, base, [value, *old])
        first = next((url for url in old if not wanted or _is_of(resolve(self, base, url), wanted)), None)
        return set_url_list(self, base, [url for url in old if url != first])

    def set_default_value(self: Document, value: object, portal_type: TypeFilter = None) -> bool:
        return set_default(self, url_of(base, value) if value is not None else None, portal_type)

    def set_default_uid(self: Document, value: int | None, portal_type: TypeFilter = None) -> bool:
        target = self.getPortalObject().portal_catalog.getObject(value) if value is not None else None
        return set_default_value(self, target, portal_type)

    def set_uid_list(self: Document, value: object, portal_type: TypeFilter = None) -> bool:
        uids = value if isinstance(value, list | tuple) else [value] if value is not None else []
        catalog = self.getPortalObject().portal_catalog
        return set_value_list(self, [catalog.getObject(uid) for uid in uids], portal_type)

    writers: dict[str, Accessor] = {
        f"_setDefault{name}": set_default,
        f"_setDefault{name}Value": set_default_value,
        f"_setDefault{name}Uid": set_default_uid,
    }
    for suffix, function in (("", set_list), ("Value", set_value_list), ("Uid", set_uid_list)):
        for form in ("", "List", "Set"):
            writers[f"_set{name}{suffix}{form}"] = function
    return writers


def _kept(document: Document, base: str, replaced_types: frozenset[str]) -> tuple[list[str], list[str]]:
    """The relations that a setter narrowed to some portal types leaves alone: those before what it replaces, and those
    behind. Without that order the default would become another.
    """
    if not replaced_types:
        return [], []
    urls = url_list(document, base)
    replaced = {url for url in urls if _is_of(resolve(document, base, url), replaced_types)}
    place = next((number for number, url in enumerate(urls) if url in replaced), len(urls))
    return urls[:place], [url for url in urls[place:] if url not in replaced]


def _is_of(value: Document | None, portal_types: frozenset[str]) -> bool:
    """Is it a document of one of the types? What is gone counts as one, so that it can be taken away."""
    return value is None or value.portal_type in portal_types


def _strip(base: str, value: IDocument) -> str:
    return _clean(base, value.getRelativeUrl())


def _logical_path(value: IDocument) -> str:
    method = getattr(value, "getLogicalPath", None)
    path: str = method() if method is not None else value.getTitle()
    return path


Reference = tuple["Document", str, str]


def find_references(document: Document) -> list[Reference]:
    """``(referring document, base category, relative URL)`` of all relations that lead to a document.

    To be called before the document moves: afterwards the catalog can no longer tell where its old path led.
    """
    site = document.getPortalObject()
    url = document.getRelativeUrl()
    search = site["portal_catalog"].unrestrictedSearchResults
    return [
        (referrer, base, url)
        for base in site["portal_categories"]
        for referrer in search(**{f"strict_{base}_uid": document.getUid()}).documents()
    ]


def update_references(references: Iterable[Reference], document: Document) -> None:
    """Make relations that led to a document's old place lead to where it is now."""
    for referrer, base, old_url in references:
        old, new = (f"{base}/{_clean(base, url)}" for url in (old_url, document.getRelativeUrl()))
        if old in referrer.categories:
            referrer.categories = tuple(new if entry == old else entry for entry in referrer.categories)
            notify(DocumentModified(referrer, frozenset((base,))))
