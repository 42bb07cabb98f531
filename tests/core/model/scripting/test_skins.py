"""Layers, the compiled lookup, customisation, trusted methods, type-based methods."""

from __future__ import annotations

import inspect
from functools import partial

import pytest

from wendelin.core import registry
from wendelin.core.errors import AttributeNotFound, BadRequest, NotFound, ScriptError, Unauthorized
from wendelin.core.model.scripting.restricted.access import guarded_getattr
from wendelin.core.model.scripting.skin_items import SkinFile, TrustedMethod
from wendelin.core.model.scripting.skins import find_method, get_type_based_method, method_id_list, skin_super
from wendelin.core.security import User, as_user, trusted_method


@pytest.fixture
def skins(site):
    return site.portal_skins


def put_script(skins, layer, id, body, priority=None):
    return skins.layer(layer, priority).put_file(f"{id}.py", body.encode())


def test_a_new_site_has_the_layer_custom_first(skins):
    skins.layer("zzz", 99)
    assert skins.layer_list()[0].getId() == "custom"


def test_the_highest_priority_answers_then_the_first_id(site, skins):
    put_script(skins, "b", "Base_who", "return 'b'", 5)
    put_script(skins, "a", "Base_who", "return 'a'", 5)
    assert site.Base_who() == "a"
    put_script(skins, "c", "Base_who", "return 'c'", 6)
    assert site.Base_who() == "c"
    put_script(skins, "custom", "Base_who", "return 'custom'")
    assert site.Base_who() == "custom"


def test_custom_stays_at_its_priority_whatever_is_asked(skins):
    folder = skins.layer("custom", 1)
    folder.priority = 3.0
    skins.layer("other", 50)
    assert skins.layer_list()[0] is folder


def test_deleting_the_override_brings_the_original_back_at_once(site, skins):
    put_script(skins, "plain", "Base_who", "return 'plain'")
    put_script(skins, "custom", "Base_who", "return 'custom'")
    assert site.Base_who() == "custom"
    skins["custom"].manage_delObjects(["Base_who"])
    assert site.Base_who() == "plain"


def test_renaming_moves_the_method(site, skins):
    put_script(skins, "plain", "Base_old", "return 1")
    assert find_method(site, "Base_old") is not None
    skins["plain"].manage_renameObject("Base_old", "Base_new")
    assert find_method(site, "Base_old") is None
    assert site.Base_new() == 1


def test_a_changed_priority_changes_the_order(site, skins):
    put_script(skins, "a", "Base_who", "return 'a'", 5)
    put_script(skins, "b", "Base_who", "return 'b'", 4)
    assert site.Base_who() == "a"
    skins.layer("b", 6)
    assert site.Base_who() == "b"


def test_an_aborted_change_leaves_no_trace_in_the_compiled_table(site, skins, connection, commit):
    commit()
    put_script(skins, "plain", "Base_gone", "return 1")
    assert site.Base_gone() == 1
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert find_method(site, "Base_gone") is None


def test_another_connection_sees_the_method_after_its_commit(site, skins, database, commit):
    with database.connect() as other:
        other_site = other.root()["erp5"]
        assert find_method(other_site, "Base_seen") is None
        put_script(skins, "plain", "Base_seen", "return 1")
        commit()
        other.transaction_manager.abort()
        other.transaction_manager.begin()
        assert other_site.Base_seen() == 1


def test_methods_are_found_on_every_document_with_it_as_context(site, skins):
    put_script(skins, "plain", "Base_path", "return context.getPath()")
    assert site.portal_types.Base_path() == "/erp5/portal_types"


def test_customise_copies_into_custom_and_the_copy_answers(site, skins):
    original = put_script(skins, "plain", "Base_who", '# wendelin: published="View" parameters="a"\nreturn a')
    copy = skins.customise("Base_who")
    assert copy.getPath() == "/erp5/portal_skins/custom/Base_who"
    assert (copy.body, copy.parameters, copy.published) == (original.body, "a", "View")
    copy.edit(body="return a * 2")
    assert site.Base_who(4) == 8
    assert original.body == "return a"
    with pytest.raises(BadRequest, match="custom"):
        skins.customise("Base_who")
    with pytest.raises(NotFound):
        skins.customise("Base_nothing")


def test_customise_needs_the_manager(site, skins):
    put_script(skins, "plain", "Base_who", "return 1")
    with as_user(User("ann", frozenset({"Author"}))), pytest.raises(Unauthorized):
        from wendelin.core.model.scripting.restricted.access import guarded_getattr

        guarded_getattr(skins, "customise")


def test_an_override_reaches_what_it_overrides(site, skins):
    put_script(skins, "low", "Base_who", "return 'low'", 1)
    put_script(skins, "middle", "Base_who", "return 'middle'", 2)
    put_script(skins, "custom", "Base_who", "return 'custom'")
    assert skin_super(site, "custom", "Base_who")() == "middle"
    assert skin_super(site, "middle", "Base_who")() == "low"
    with pytest.raises(AttributeNotFound, match="after 'low'"):
        skin_super(site, "low", "Base_who")


def test_type_based_methods_prefer_the_portal_type_then_the_class(site, skins, add_type):
    add_type("Data Thing", module="data_thing_module")
    thing = site.data_thing_module.newContent()
    assert get_type_based_method(thing, "measure") is None
    put_script(skins, "plain", "Base_measure", "return 'base'")
    assert get_type_based_method(thing, "measure", "Base_measure")() == "base"
    put_script(skins, "plain", "Folder_measure", "return 'class'")
    assert thing.getTypeBasedMethod("measure")() == "class"
    put_script(skins, "plain", "DataThing_measure", "return 'type of ' + context.getId()")
    assert thing.getTypeBasedMethod("measure", "Base_measure")() == f"type of {thing.getId()}"


@trusted_method
def trusted_sample(context, factor=1):
    return context.getId(), factor


def undeclared_sample(context):
    return context


class_of_the_module = trusted_method(type("class_of_the_module", (), {"__module__": __name__}))


@pytest.fixture
def put_trusted(skins, monkeypatch):
    """``put_trusted("function")``: a Trusted Method of this module, as if a plugin brought it."""
    monkeypatch.setattr(registry, "plugin_packages", lambda: frozenset({__name__, "wendelin.core"}))

    def put(name):
        method = TrustedMethod()
        method.method = f"{__name__}:{name}"
        skins.layer("plain").put("Base_trusted", method)

    return put


def test_a_trusted_method_gets_the_document_first(site, put_trusted):
    put_trusted("trusted_sample")
    assert site.Base_trusted(factor=3) == ("erp5", 3)
    assert str(inspect.signature(site.Base_trusted)) == "(factor=1)"


@pytest.mark.parametrize("name", ["undeclared_sample", "put_script", "class_of_the_module", "trusted_method"])
def test_what_the_module_does_not_declare_is_no_method(site, put_trusted, name):
    put_trusted(name)
    with pytest.raises(ScriptError, match="declares no trusted method"):
        site.Base_trusted()


@pytest.mark.parametrize("name", ["func", "args", "keywords", "function", "context", "_function", "__wrapped__"])
def test_scripts_see_nothing_of_the_function(site, skins, put_trusted, name):
    put_trusted("trusted_sample")
    with pytest.raises((AttributeError, Unauthorized)):
        guarded_getattr(site.Base_trusted, name)
    with pytest.raises((AttributeError, Unauthorized)):
        guarded_getattr(partial(trusted_sample, site), name)


@pytest.mark.parametrize(
    "path",
    [
        "os:system",
        "wendelin.core.model.portal_types:resolve_class",  # a function of the platform that is no method
        "wendelin.core.commands.shell:execute_source",
        "wendelin.core.model.scripting.skin_items:import_module",  # imported there, not defined there
        "wendelin.core.model.scripting.skin_items:_packages",
        "wendelin.core.model.scripting.skin_items:nothing",
        "wendelin.core.no_such_module:f",
        "wendelin.core.model.scripting.skin_items",
        "wendelin.core.model.scripting.skin_items:SkinFile.read",
        f"{__name__}:undeclared_sample",
        "",
    ],
)
def test_a_trusted_method_is_a_function_that_a_plugin_declares_as_one(site, skins, path):
    method = TrustedMethod()
    method.method = path
    method = skins.layer("plain").put("Base_trusted", method)
    with pytest.raises(ScriptError, match="Base_trusted"):
        site.Base_trusted()
    assert "Base_trusted" in method.checkConsistency()[0]


@pytest.mark.parametrize("name", ["func", "args", "keywords", "function", "_function", "_context", "context"])
def test_a_script_cannot_take_a_bound_method_apart(site, put_trusted, skins, name):
    put_trusted("trusted_sample")
    put_script(skins, "plain", "Base_apart", f"return context.Base_trusted.{name}")
    with pytest.raises((Unauthorized, AttributeError, ScriptError)):
        site.Base_apart()


def test_files_are_served_with_their_type(site, skins):
    item = skins.layer("plain").put_file("app.js", b"let x = 1;")
    assert isinstance(item, SkinFile)
    found = find_method(site, "app.js")
    assert found.content_type in ("text/javascript", "application/javascript")
    assert (found.bind(site)(), found.published, found.request_method) == (b"let x = 1;", "View", "GET")
    assert item.to_file() == ("app.js", b"let x = 1;")


def test_methods_are_not_published_unless_they_say_so(site, skins):
    put_script(skins, "plain", "Base_quiet", "return 1")
    put_script(skins, "plain", "Base_open", '# wendelin: published="View" request_method="GET"\nreturn 1')
    assert find_method(site, "Base_quiet").published == ""
    assert (find_method(site, "Base_open").published, find_method(site, "Base_open").request_method) == ("View", "GET")
    assert {"Base_quiet", "Base_open"} <= set(method_id_list(site))
