"""Nobody and users without roles are refused on every page, every published method and every dialog.

The walk goes over what is registered, so that a view which a plugin adds is covered without being named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import layered_database, make_storage
from tests.web_fixtures import PASSWORD, add_users
from wendelin.core.business_templates.repository import available_manifests
from wendelin.core.model.objects.copying import walk
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import get_site
from wendelin.core.model.scripting.skins import find_method, method_id_list
from wendelin.core.registry import get_registry
from wendelin.core.security import SYSTEM, as_user

# What everybody may see: the way in, and out again.
PUBLIC_VIEWS = {
    "ERP5 Site/login_form GET",
    "ERP5 Site/login_form POST",
    "ERP5 Site/login GET",
    "ERP5 Site/logout GET",
    "ERP5 Site/logout POST",
    "ERP5 Site/favicon.ico GET",
}
# What every user may do who has logged in, whatever the roles: the own password.
OWN_VIEWS = {"ERP5 Site/password GET", "ERP5 Site/password POST"}


def sample_documents(site: Any) -> dict[str, Document]:
    """One document of each portal type that the site has, the site itself included."""
    found: dict[str, Document] = {}
    for document in walk(site):
        found.setdefault(document.getPortalType(), document)
    return found


def fits(context: Any, document: Document) -> bool:
    if context is None:
        return True
    return document.getPortalType() == context if isinstance(context, str) else isinstance(document, context)


def add_samples(folder: Any, depth: int = 2) -> None:
    """A document of every type that may be added, also inside of those."""
    for portal_type in folder.allowedContentTypes():
        document = folder.newContent(portal_type=portal_type)
        if depth > 1 and hasattr(document, "newContent"):
            add_samples(document, depth - 1)


@pytest.fixture(scope="session")
def everything(tmp_path_factory) -> Iterator[Any]:
    """A site with every template that is installed here, and documents of every type."""
    storage = make_storage(tmp_path_factory.mktemp("everything"), *sorted(set(available_manifests()) - {"erp5_core"}))
    with layered_database(storage) as database:
        add_users(database)
        with as_user(SYSTEM), database.transaction() as connection:
            for module in get_site(connection).getModuleList():
                add_samples(module)
        yield database
    storage.close()


@pytest.fixture
def database(everything) -> Any:
    return everything


@pytest.fixture
def web_database(everything) -> Any:
    return everything


@pytest.fixture
def paths(site) -> dict[str, tuple[Document, str]]:
    return {name: (document, document.getPath()) for name, document in sample_documents(site).items()}


def addresses(paths: dict[str, tuple[Document, str]]) -> list[tuple[str, str, str]]:
    """``(registration, method, path)`` of every registered view on a document of every type it is for."""
    found = []
    for registration in get_registry().get_list("view"):
        value = registration.value
        for document, path in paths.values():
            if fits(value["context"], document):
                found += [
                    (registration.name, method, f"{path}/{value['name']}".rstrip("/"))
                    for method in value["request_method"]
                ]
    return found


def test_views_refuse(make_client, paths):
    expected = {None: {401}, "nobody": {403}}
    wrong = []
    for user_id, allowed in expected.items():
        client = make_client(user_id)
        for name, method, path in addresses(paths):
            if name in PUBLIC_VIEWS or (user_id and name in OWN_VIEWS):
                continue
            status = client.request(path, method=method, status="*").status_int
            if status not in allowed:
                wrong.append((user_id, method, path, status))
    assert not wrong


def test_every_registered_view_was_walked(paths):
    walked = {name for name, _, _ in addresses(paths)}
    assert {registration.name for registration in get_registry().get_list("view")} == walked
    assert len(walked) > 40


def test_browsers_are_sent_to_the_login(make_client, paths):
    client = make_client(accept="text/html")
    for name, method, path in addresses(paths):
        if method == "GET" and name not in PUBLIC_VIEWS:
            answer = client.get(path, status=303)
            assert "/erp5/login_form?came_from=" in answer.location, path


def test_methods_and_dialogs_refuse(make_client, paths, site):
    names = [name for name in method_id_list(site) if find_method(site, name).published]
    dialogs = [(path, dialog.id) for document, path in paths.values() for dialog in document.getTypeInfo().dialog_list]
    places = [(path, name) for _, path in paths.values() for name in names] + dialogs
    for user_id, allowed in ((None, 401), ("nobody", 403)):
        client = make_client(user_id)
        for path, name in places:
            for method in ("GET", "POST"):
                assert client.request(f"{path}/{name}", method=method, status="*").status_int == allowed, (path, name)


def test_unpublished_methods_are_not_there(make_client, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        layer = get_site(connection).portal_skins.layer("custom")
        layer.put_file("Base_secret.py", b"return 'secret'")
        layer.put_file("Base_open.py", b"# wendelin: published='View' request_method='GET'\nreturn 'open'")
    manager = make_client("zope")
    assert manager.get("/erp5/Base_secret", status=404)
    assert manager.get("/erp5/Base_open").text == "open"
    assert manager.post("/erp5/Base_open", status=405).headers["Allow"] == "GET, HEAD"
    assert make_client().get("/erp5/Base_open", status=401)
    assert make_client("nobody").get("/erp5/Base_open", status=403)


def test_attributes_and_private_names_have_no_address(make_client):
    manager = make_client("zope")
    for path in ("title", "_tree", "__class__", "getTitle", "newContent", "acl_users/_tokens", "__dict__", "..%2fetc"):
        assert manager.get(f"/erp5/{path}", status="*").status_int in (400, 404), path


def test_wrong_credentials_are_a_challenge_everywhere(make_client):
    client = make_client()
    client.authorization = ("Basic", ("zope", PASSWORD + "x"))
    for path in ("/erp5/", "/erp5/login_form", "/erp5/nothing"):
        answer = client.get(path, headers={"Accept": "text/html"}, status=401)
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
