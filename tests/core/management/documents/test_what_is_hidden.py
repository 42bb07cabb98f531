"""What somebody may not view tells nothing: not through relations, searches, copies, nor through the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import ZODB
from ZODB.FileStorage import FileStorage

from tests.conftest import make_storage
from tests.web_fixtures import hashed_password
from wendelin.core.database import Database, class_factory
from wendelin.core.errors import Unauthorized
from wendelin.core.management.lists.cells import column_value
from wendelin.core.model.objects.copying import duplicate
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, User, as_user

ADA = User("amy", frozenset({"Author", "Authenticated"}))


@pytest.fixture
def amy(make_client: Callable[..., Any], web_database: Any) -> Any:
    """A client of a user who is Author and nothing else."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        users = get_site(connection).acl_users
        users.add_user("amy", None, ["Author"])
        users["amy"]._password_hash = hashed_password()
    return make_client("amy")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """One that keeps the past."""
    make_storage(tmp_path).close()
    storage = FileStorage(str(tmp_path / "Data.fs"), blob_dir=str(tmp_path / "blobs"))
    with Database(ZODB.DB(storage, class_factory=class_factory)) as database:
        yield database


@contextmanager
def changing(database: Any, user: User = SYSTEM) -> Iterator[Any]:
    with as_user(user), database.transaction() as connection:
        yield get_site(connection)


@pytest.fixture
def documents(web_database: Any, amy: Any) -> None:
    """``hidden``, which amy may not view, and ``mine``, which is hers and leads to it."""
    with changing(web_database) as site:
        module = site.document_module
        module.newContent(id="hidden", portal_type="File", title="TOP SECRET merger", reference="SECRET-REF")
    with changing(web_database, ADA) as site:
        mine = site.document_module.newContent(id="mine", portal_type="File", title="mine")
        mine.setFollowUpList(["document_module/hidden"])


def test_a_relation_shows_no_title_of_what_is_hidden(amy: Any, make_client: Any, documents: None) -> None:
    amy.get("/erp5/document_module/hidden/view", status=403)
    page = amy.get("/erp5/document_module/mine/view").text
    assert "document_module/hidden" in page and "TOP SECRET" not in page
    assert "TOP SECRET" in make_client("zope").get("/erp5/document_module/mine/view").text


@pytest.mark.parametrize(
    "text",
    [
        'follow_up_title:"TOP%"',
        'follow_up_reference:"SECRET-REF"',
        'strict_follow_up_title:"%merger"',
    ],
)
def test_searches_by_a_relation_reach_only_what_is_visible(
    amy: Any, make_client: Any, documents: None, text: str
) -> None:
    link = "document_module/mine/view"
    assert link not in amy.get("/erp5/search", {"text": text}, status="*").text
    assert link in make_client("zope").get("/erp5/search", {"text": text}).text


def test_the_other_direction_reaches_only_what_is_visible(site: Any, commit: Any) -> None:
    module = site.document_module
    target = module.newContent(id="open", portal_type="File", title="open")
    hidden = module.newContent(id="pointing", portal_type="File", title="TOP SECRET")
    hidden.setFollowUpValue(target)
    target.manage_setLocalRoles("amy", ["Assignor"])
    commit()

    def find(**query: Any) -> list[str]:
        return [brain.relative_url for brain in site.portal_catalog(portal_type="File", **query)]

    assert find(follow_up_related_title="TOP%") == ["document_module/open"]
    with as_user(ADA):
        assert find(title="open") == ["document_module/open"]
        assert find(follow_up_related_title="TOP%") == []
    hidden.manage_setLocalRoles("amy", ["Assignor"])
    commit()
    with as_user(ADA):
        assert find(follow_up_related_title="TOP%") == ["document_module/open"]


def test_a_copy_has_no_part_that_its_maker_may_not_view(site: Any, commit: Any) -> None:
    categories = site.portal_categories
    base = categories.newContent(id="kinds", portal_type="Base Category")
    for id in ("a", "b"):
        child = base.newContent(id=id, portal_type="Category")
        child.newContent(id="below", portal_type="Category", title="hidden" if id == "b" else "seen")
    base["b"].permission_map = {"View": ("Manager",)}
    base["a"].permission_map = base["a"]["below"].permission_map = {"View": ("Author",)}
    base["a"].newContent(id="more", portal_type="Category").permission_map = {"View": ("Manager",)}
    commit()
    with as_user(ADA):
        copy = duplicate(base)
    assert sorted(copy.objectIds()) == ["a"] and len(copy) == 1
    assert copy["a"].objectIds() == ["below"] and len(copy["a"]) == 1
    assert sorted(base.objectIds()) == ["a", "b"] and base["b"].__parent__.getId() == "kinds"
    assert sorted(base["a"].objectIds()) == ["below", "more"]
    assert sorted(duplicate(base).objectIds()) == ["a", "b"]


@pytest.fixture
def published(web_database: Any, amy: Any) -> str:
    with changing(web_database, ADA) as site:
        document = site.document_module.newContent(id="news", portal_type="File", title="INTERNAL price")
    with changing(web_database) as site:
        document = site.document_module["news"]
        document.setTitle("news")
        site.portal_workflow.doActionFor(document, "publish_action", comment="INTERNAL comment")
    return "/erp5/document_module/news"


def test_the_past_of_a_published_document_is_not_public(make_client: Any, published: str) -> None:
    anonymous = make_client()
    page = anonymous.get(f"{published}/view")
    assert "/history" not in page.text
    anonymous.get(f"{published}/history", status=401)
    text = anonymous.get(f"{published}/metadata").text
    assert "INTERNAL" not in text and "Owner" not in text and "amy" not in text and "Roles here" not in text
    make_client("nobody").get(f"{published}/history", status=403)


def test_who_works_with_a_document_sees_its_past(make_client: Any, amy: Any, published: str) -> None:
    for client in (amy, make_client("ada"), make_client("zope")):
        text = client.get(f"{published}/history").text
        assert "INTERNAL comment" in text and "INTERNAL price" in text
        assert "amy" in client.get(f"{published}/metadata").text


def test_what_people_said_is_not_told_by_the_workflow_tool(web_database: Any, published: str) -> None:
    reader = User("reader", frozenset({"Authenticated"}))
    with changing(web_database, reader) as site:
        document, tool = site.document_module["news"], site.portal_workflow
        assert tool.getInfoFor(document, "validation_state") == "published"
        for name in ("comment", "actor", "history"):
            with pytest.raises(Unauthorized):
                tool.getInfoFor(document, name)
        status = tool.getStatusOf("document_publication_workflow", document)
        assert status is not None and not {"comment", "actor"} & set(status)
        with pytest.raises(Unauthorized):
            tool.getHistoryList(document)


def test_a_right_of_a_property_holds_for_its_past(web_database: Any, amy: Any, make_client: Any) -> None:
    sheet = (
        '\n[[property]]\nid = "secret_note"\nread_permission = "Manage portal"\nwrite_permission = "Manage portal"\n'
    )
    with changing(web_database) as site:
        definition = site.portal_property_sheets["File"]
        definition.edit(definition_text=definition.getDefinitionText() + sheet)
    with changing(web_database, ADA) as site:
        site.document_module.newContent(id="mine", portal_type="File", title="mine")
    with changing(web_database) as site:
        site.document_module["mine"].edit(secret_note="SALARY 123456")
    assert "SALARY" not in amy.get("/erp5/document_module/mine/history").text
    assert "SALARY" in make_client("zope").get("/erp5/document_module/mine/history").text


def test_a_column_shows_no_title_of_what_is_hidden(web_database: Any, documents: None) -> None:
    with web_database.connect() as connection:
        site = get_site(connection)
        mine = site.document_module["mine"]
        with as_user(site.acl_users.get_user("amy")):
            for column in ("follow_up_title", "follow_up_title_list", "follow_up_reference"):
                assert column_value(mine, column) == ["document_module/hidden"]
        with as_user(SYSTEM):
            assert column_value(mine, "follow_up_title") == ["TOP SECRET merger"]
