"""Everyone finds what they may view, and nothing else."""

from __future__ import annotations

import pytest

from wendelin.core.errors import Unauthorized
from wendelin.core.security import ANONYMOUS, VIEW, User, as_user, check_permission, set_local_roles

USERS = {
    "manager": User("boss", frozenset({"Manager"})),
    "auditor": User("anna", frozenset({"Auditor"})),
    "author": User("paul", frozenset({"Author"})),
    "nobody": User("nina", frozenset()),
    "anonymous": ANONYMOUS,
}


@pytest.fixture
def mixed(samples):
    """Samples with different owners, maps and local roles; some below others."""
    for number in range(12):
        document = samples.newContent(id=str(number), title=f"t{number}")
        document._owner = "nina" if number % 3 == 0 else "paul"
        if number % 4 == 1:
            document.permission_map = {VIEW: ("Manager", "Owner")}
        if number % 4 == 2:
            document.permission_map = {VIEW: ("Anonymous", "Assignee")}
        document.newContent(id="child", portal_type="Sample")
        document.reindexObject()
    set_local_roles(samples["2"], "nina", ["Assignee"])
    set_local_roles(samples["4"], "nina", ["Auditor"])
    return samples


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_found_is_what_may_be_viewed(mixed, catalog, user):
    every = [brain.getObject() for brain in catalog.unrestrictedSearchResults(relative_url="sample_module/%")]
    assert len(every) == 24
    with as_user(user):
        wanted = {document.getRelativeUrl() for document in every if check_permission(VIEW, document)}
        found = {brain.relative_url for brain in catalog(relative_url="sample_module/%")}
        assert found == wanted
        direct = {url for url in wanted if url.count("/") == 1}
        kw = {"parent_uid": mixed.getUid()}
        assert {brain.relative_url for brain in catalog(sort_on="title", **kw)} == direct
        assert catalog.countResults(**kw)[0][0] == len(direct) == mixed.countFolder()[0][0]
        for document in every:
            seen = catalog.getResultValue(uid=document.getUid())
            assert (seen is document) == (document.getRelativeUrl() in wanted)
            if seen is None:
                with pytest.raises(Unauthorized):
                    catalog.getObject(document.getUid())


def test_local_roles_count_at_once_for_what_is_below(samples, catalog):
    document = samples.newContent(id="a")
    document.permission_map = {VIEW: ("Manager", "Assignee")}
    document.newContent(id="b", portal_type="Sample").newContent(id="c", portal_type="Sample")
    nina = USERS["nobody"]
    with as_user(nina):
        assert [brain.id for brain in catalog(relative_url="sample_module/%")] == []
    set_local_roles(document, "nina", ["Assignee"])
    with as_user(nina):
        assert sorted(brain.id for brain in catalog(relative_url="sample_module/%")) == ["a", "b", "c"]
    set_local_roles(document, "nina", [])
    with as_user(nina):
        assert not catalog(relative_url="sample_module/%")


def test_what_is_below_follows_its_container(samples, catalog):
    document = samples.newContent(id="a")
    document.newContent(id="b", portal_type="Sample")
    auditor = USERS["auditor"]
    with as_user(auditor):
        assert len(catalog(relative_url="sample_module/%")) == 2
    document.permission_map = {VIEW: ("Manager",)}
    document.reindexObject()
    with as_user(auditor):
        assert len(catalog(relative_url="sample_module/%")) == 0


def test_the_many_of_a_large_container_follow_in_activities(samples, catalog, site, monkeypatch):
    monkeypatch.setattr("wendelin.core.model.catalog.tool.AT_ONCE", 3)
    document = samples.newContent(id="a")
    for _ in range(8):
        document.newContent(portal_type="Sample")
    catalog.flush()
    document.permission_map = {VIEW: ("Manager",)}
    document.reindexObject()
    with as_user(USERS["auditor"]):
        assert len(catalog(parent_uid=document.getUid())) == 5
    assert site.portal_activities.countMessageWithTag(f"reindex_{document.getUid()}") == 2


def test_a_result_keeps_the_user_who_asked(mixed, catalog):
    with as_user(USERS["nobody"]):
        found = catalog(parent_uid=mixed.getUid())
        count = len(found)
    mixed.newContent(id="later")
    assert len(found) == count == len(list(found))


def test_local_roles_argument(mixed, catalog):
    with as_user(USERS["nobody"]):
        owned = {brain.id for brain in catalog(local_roles="Owner", parent_uid=mixed.getUid())}
        assert owned == {"0", "3", "6", "9"}
        assert {b.id for b in catalog(local_roles=["Assignee", "Auditor"], parent_uid=mixed.getUid())} == {"2", "4"}


def test_a_module_that_is_visible_as_a_whole_needs_no_filter(samples, catalog):
    """The kept counts show it, so that pages in the middle of a module stay cheap for those who see all of it."""
    for number in range(5):
        samples.newContent(title=f"t{number}")
    site = samples.getPortalObject()
    site["portal_categories"].permission_map = {VIEW: ("Manager",)}
    site["portal_categories"]["use"].reindexObject()
    with as_user(USERS["auditor"]):
        assert "TokenIn" in catalog(portal_type="Base Category").plan.explain()
        plan = catalog(parent_uid=samples.getUid(), sort_on="title").plan
        assert len(plan.conditions) == 1 and "testing" not in plan.explain()


def test_search_methods_are_open_and_unrestricted_ones_closed(catalog):
    with as_user(USERS["auditor"]), pytest.raises(Unauthorized):
        _reach(catalog, "unrestrictedSearchResults")
    with as_user(USERS["auditor"]):
        for name in ("searchResults", "countResults", "getResultValue", "getObject"):
            assert _reach(catalog, name) is not None
        for name in ("reindex", "store", "document", "index_pending"):
            with pytest.raises(Unauthorized):
                _reach(catalog, name)


def test_brains_in_restricted_scripts(samples, catalog):
    from wendelin.core.model.scripting.restricted.access import guarded_getattr

    document = samples.newContent(title="One", reference="r")
    with as_user(USERS["auditor"]):
        (brain,) = catalog(reference="r")
        for name, value in (("title", "One"), ("uid", document.getUid()), ("path", document.getPath()), ("id", "1")):
            assert guarded_getattr(brain, name) == value
        assert guarded_getattr(brain, "parent_title") == samples.getTitle()
        assert guarded_getattr(brain, "getObject")() is document
        assert guarded_getattr(brain, "getReference")() == "r"
        for name in ("edit", "_row", "attribute_permission_of", "nothing"):
            with pytest.raises((Unauthorized, AttributeError)):
                guarded_getattr(brain, name)
        for name in ("plan", "freeze"):
            with pytest.raises(Unauthorized):
                guarded_getattr(catalog(reference="r"), name)


def _reach(document, name):
    from wendelin.core.security import attribute_permission, require_permission

    require_permission(attribute_permission(document, name), document)
    return getattr(document, name)
