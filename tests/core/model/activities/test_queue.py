"""The queue: what is stored, in which order it runs, with whose rights, and what becomes of errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ZODB.POSException import ConflictError

from wendelin.core.errors import BadRequest, NotFound, Unauthorized
from wendelin.core.model.activities.message import ActivityMessage, Claim, State, check_plain, parse_key
from wendelin.core.model.activities.running import next_moment, record_failure, run_message, select
from wendelin.core.model.scripting.scripts import PythonScript
from wendelin.core.security import SYSTEM, User, as_user


@pytest.fixture
def tool(site):
    return site.portal_activities


@pytest.fixture
def log(site):
    """``site.Base_log(x)`` appends to the list that the fixture returns, unless the transaction is undone."""
    layer = site.portal_skins.layer("tests")
    layer.put_file("Base_log.py", b'# wendelin: parameters="x"\ncontext.setTitle((context.title or "") + x)\n')
    site.title = ""

    def read():
        return site.title

    return read


@pytest.fixture(autouse=True)
def open_site(site):
    """The site's title may be set by the scripts of these tests."""
    site.portal_skins.layer("tests").put_file("ERP5Site_nothing.py", b"return None")


def script(site, id, body, parameters=""):
    item = PythonScript()
    item.body, item.parameters = body, parameters
    return site.portal_skins.layer("tests").put(id, item)


def test_nothing_runs_before_tic_and_everything_after(site, tool, log):
    site.activate().Base_log("a")
    assert log() == ""
    assert (tool.countMessage(), site.hasActivity(), tool.hasActivity()) == (1, True, True)
    assert tool.tic() == 1
    assert log() == "a"
    assert (tool.countMessage(), site.hasActivity()) == (0, False)


def test_an_aborted_caller_leaves_no_message(site, tool, connection, commit):
    commit()
    site.activate().getTitle()
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert tool.countMessage() == 0


def test_messages_run_in_the_order_of_priority_then_time(site, tool, log):
    for text, priority in (("b", 1), ("c", 1), ("d", 2), ("a", 0)):
        site.activate(priority=priority).Base_log(text)
    tool.tic()
    assert log() == "abcd"


def test_after_tag_waits_for_all_messages_with_the_tag(site, tool, log):
    site.activate(after_tag="first", priority=0).Base_log("c")
    site.activate(tag="first").Base_log("a")
    site.activate(tag="first").Base_log("b")
    assert tool.countMessageWithTag("first") == 2
    tool.tic()
    assert log() == "abc"


@pytest.mark.parametrize(
    "condition",
    [
        {"after_tag": ["one", "two"]},
        {"after_method_id": "Base_log"},
        {"after_path": ""},
        {"after_path_and_method_id": ("", "Base_log")},
        {"after_path_and_method_id": ("", ("Base_other", "Base_log"))},
        {"after_tag_and_method_id": ("one", "Base_log")},
    ],
)
def test_every_kind_of_waiting(site, tool, log, condition):
    script(site, "Base_last", "context.Base_log(x)", "x")
    site.activate(priority=0, **condition).Base_last("z")
    site.activate(tag="one", priority=3).Base_log("a")
    site.activate(tag="two", priority=1).Base_log("b")
    if "after_tag_and_method_id" in condition:
        tool.tic()
        assert log() in ("baz",)
        return
    tool.tic()
    assert log() == "baz"


def test_what_a_message_enqueues_belongs_to_what_others_wait_for(site, tool, log):
    script(site, "Base_chain", "context.activate(tag='t').Base_log('b')\ncontext.Base_log('a')")
    site.activate(tag="t").Base_chain()
    site.activate(after_tag="t", priority=0).Base_log("c")
    tool.tic()
    assert log() == "abc"


def test_at_date_waits(site, tool, log):
    site.activate(at_date=datetime.now(UTC) + timedelta(hours=1)).Base_log("later")
    site.activate(at_date=datetime.now(UTC) - timedelta(hours=1)).Base_log("now")
    assert tool.tic() == 1
    assert log() == "now"
    (message,) = tool.getMessageList()
    assert next_moment([message], datetime.now(UTC)) == message.at_date


def test_a_failure_is_kept_with_its_traceback_and_its_effects_are_gone(site, tool, log):
    script(site, "Base_fail", "context.Base_log('x')\nreturn 1 / 0")
    site.activate(tag="t").Base_fail()
    site.activate(after_tag="t").Base_log("never")
    assert tool.tic() == 0
    failed, waiting = tool.getMessageList()
    assert (failed.state, waiting.state, log()) == (State.FAILED, State.PENDING, "")
    assert "ZeroDivisionError" in failed.error and "Base_fail, line 2" in failed.error
    script(site, "Base_fail", "context.Base_log('repaired ')")
    tool.restart(failed.id)
    assert tool.tic() == 2
    assert log() == "repaired never"


def test_cancel_and_flush(site, tool, log):
    site.activate().Base_log("a")
    site.portal_types.activate().Base_log("b")
    site.portal_types.activate().getTitle()
    tool.cancel(tool.getMessageList(path="")[0].id)
    assert tool.countMessage() == 2
    assert tool.flush(site.portal_types, "getTitle") == 1
    assert tool.flush(site.portal_types) == 1
    assert tool.tic() == 0
    with pytest.raises(NotFound):
        tool.cancel("1-2-3")
    with pytest.raises(BadRequest):
        tool.cancel("nonsense")


def test_errors_are_retried_with_growing_delays_then_kept(site, tool):
    message = tool.put(ActivityMessage())
    delays = []
    while message.state is State.PENDING:
        now = datetime.now(UTC)
        record_failure(message, ValueError("x"))
        if message.state is State.PENDING:
            delays.append(round((message.at_date - now).total_seconds()))
    assert delays == [2, 8, 18, 32, 50]
    assert message.state is State.FAILED


def test_what_is_hopeless_is_not_retried(site, tool):
    for error in (NotFound("gone"), Unauthorized("no")):
        message = tool.put(ActivityMessage())
        record_failure(message, error)
        assert message.state is State.FAILED


def test_a_conflict_is_retried(site, tool, log, monkeypatch):
    count = []

    def conflict_twice(message_site, message):
        count.append(1)
        if len(count) < 3:
            raise ConflictError
        return run_message(message_site, message)

    monkeypatch.setattr("wendelin.core.model.activities.running.run_message", conflict_twice)
    site.activate().Base_log("a")
    assert tool.tic() == 1
    assert (log(), len(count)) == ("a", 3)


def test_the_caller_s_identity_and_present_rights(site, tool):
    site.acl_users.add_user("ann", "a-long-password", ["Manager"])
    script(site, "Base_touch", "context.edit(title=context.getOwner() or 'none')")
    script(site, "Base_secret", "return context.portal_skins.customise")
    with as_user(site.acl_users.get_user("ann")):
        site.activate().Base_secret()
        site.activate().Base_secret()
    assert {message.user_id for message in tool.getMessageList()} == {"ann"}
    first, second = tool.getMessageList()
    assert callable(run_message(site, first))
    site.acl_users.set_roles("ann", ["Author"])
    with pytest.raises(Unauthorized):
        run_message(site, second)
    site.acl_users.del_user("ann")
    with pytest.raises(Unauthorized, match="no longer there"):
        run_message(site, second)


def test_scripts_may_enqueue_only_what_they_may_call(site, tool):
    script(site, "Base_enqueue", "context.activate(tag='x').Base_log('a')")
    script(site, "Base_log", "return x", "x")
    site.Base_enqueue()
    assert tool.getMessageList()[0].restricted
    with as_user(User("ann", frozenset({"Manager"}))):
        script(site, "Base_enqueue", "context.activate().touch_types()")
        with pytest.raises(Unauthorized, match="touch_types"):
            site.Base_enqueue()
        script(site, "Base_enqueue", "context.activate(restricted=False).touch_types()")
        with pytest.raises(Unauthorized, match="touch_types"):
            site.Base_enqueue()
    with as_user(User("nobody", frozenset())):
        script(site, "Base_enqueue", "context.activate().getTitle()")
        with pytest.raises(Unauthorized):
            site.Base_enqueue()


def test_what_was_enqueued_by_a_script_is_checked_again_when_it_runs(site, tool):
    site.acl_users.add_user("ann", "a-long-password", ["Manager"])
    script(site, "Base_enqueue", "context.activate().setTitle('changed')")
    with as_user(site.acl_users.get_user("ann")):
        site.Base_enqueue()
    site.acl_users.set_roles("ann", [])
    (message,) = tool.getMessageList()
    with pytest.raises(Unauthorized):
        run_message(site, message)


@pytest.mark.parametrize("value", [object(), lambda: 1, {"a": [object()]}, (set, 1)])
def test_arguments_are_plain_values(site, value):
    with pytest.raises(BadRequest, match="plain values"):
        site.activate().Base_x_getTitle(value) if False else site.activate().getTitle(value)


def test_documents_are_refused_as_arguments(site):
    with pytest.raises(BadRequest, match="relative URL"):
        site.activate().getTitle(site.portal_types)


def test_large_arguments_are_refused(site):
    with pytest.raises(BadRequest, match="offsets"):
        site.activate().getTitle(b"x" * (1 << 20))


def test_plain_values_are_measured():
    assert check_plain(["abc", {"k": b"12"}, 1, None, datetime.now(UTC)], "x") > 10


def test_arguments_that_a_method_changes_are_fresh_at_the_next_try(site, tool):
    script(site, "Base_change", "a.append(1)\nreturn 1 / 0", "a")
    site.activate().Base_change([])
    (message,) = tool.getMessageList()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            run_message(site, message)
    assert message.args == ([],)


def test_unknown_methods_and_parameters_are_refused_at_once(site):
    with pytest.raises(AttributeError):
        site.activate().no_such_method()
    with pytest.raises(TypeError, match="aftertag"):
        site.activate(aftertag="x")
    with pytest.raises(TypeError, match="no method"):
        site.activate().title()
    site.activate(activity="SQLQueue", group_method_id=None, node="same").getTitle()


def test_temporary_documents_have_no_activities(site, add_type):
    add_type("Thing", module="thing_module")
    with pytest.raises(BadRequest, match="temporary"):
        site.thing_module.newContent(temp_object=True).activate()


def test_selection_respects_claims_and_serialization_tags(tool):
    now = datetime.now(UTC)
    messages = []
    for tag in ("s", "s", "", ""):
        message = ActivityMessage()
        message.serialization_tag = tag
        messages.append(tool.put(message))
    assert select(messages, now, 10) == messages
    assert select(messages, now, 2) == messages[:2]
    messages[0].claim = Claim("other", now + timedelta(seconds=5))
    assert select(messages, now, 10) == messages[2:]
    messages[0].claim = Claim("dead", now - timedelta(seconds=5))
    assert select(messages, now, 10) == messages


def test_waiting_for_one_s_own_tag_is_waiting_for_the_others(site, tool, log):
    site.activate(tag="t", after_tag="t").Base_log("a")
    assert tool.tic() == 1


def test_sweeping_forgets_what_is_done_and_keeps_the_rest(site, tool, log):
    site.activate().Base_log("a")
    site.activate(at_date=datetime.now(UTC) + timedelta(days=1)).Base_log("b")
    tool.tic()
    assert tool.sweep(datetime.now(UTC) - timedelta(seconds=60)) == 0
    assert tool.sweep(datetime.now(UTC) + timedelta(seconds=1)) == 1
    assert tool.sweep(datetime.now(UTC) + timedelta(seconds=1)) == 0
    assert [message.state for message in tool.getMessageList()] == [State.PENDING]


def test_message_ids_lead_back_to_their_key():
    message = ActivityMessage()
    for key in ((-3, 17, 5), (1, 2**62, 2**48)):
        message.key = key
        assert parse_key(message.id) == key


def test_concurrent_enqueuers_do_not_conflict(database, site, commit):
    """Two connections that enqueue, in one queue, before either commits: both commit."""
    commit()
    for _ in range(10):
        with database.connect() as one, database.connect() as two:
            for connection in (one, two):
                with as_user(SYSTEM):
                    connection.root()["erp5"].activate().getTitle()
            one.transaction_manager.commit()
            two.transaction_manager.commit()
    with database.connect() as connection:
        assert connection.root()["erp5"].portal_activities.countMessage() == 20
