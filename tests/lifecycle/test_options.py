"""Pulumi's resource options mean for users what they mean for every resource, on both engines."""

import pytest

ZHANG = """cvc.User("zhang", user_id="123", user_name="张三", opts=pulumi.ResourceOptions({}), **ACME)"""
CHANGED = ZHANG.replace("张三", "王五")
OTHER_ID = ZHANG.replace("123", "125")
NOTHING = ""
OFFICE = """
    office = pulumi.ComponentResource("acme:Office", "office", opts=pulumi.ResourceOptions({}))
    zhang = cvc.User("zhang", user_id="123", user_name="张三", opts=pulumi.ResourceOptions(parent=office), **ACME)
    office.register_outputs({{"head": zhang.user_id}})
"""
CASES = {
    "protect keeps what is no longer declared": ("protect=True", ZHANG, NOTHING, True, {}, {"123": "张三"}),
    "protect refuses a replacement": ("protect=True", ZHANG, OTHER_ID, True, {}, {"123": "张三"}),
    "protect allows an update": ("protect=True", ZHANG, CHANGED, False, {"update": 1}, {"123": "王五"}),
    "ignore_changes": ("ignore_changes=['user_name']", ZHANG, CHANGED, False, {}, {"123": "张三"}),
    "retain_on_delete": ("retain_on_delete=True", ZHANG, NOTHING, False, {"delete": 1}, {"123": "张三"}),
    # The engine needs to be told which properties changed, and the host of dynamic providers does not tell it.
    "replace_on_changes is in vain": (
        "replace_on_changes=['user_name']",
        ZHANG,
        CHANGED,
        False,
        {"update": 1},
        {"123": "王五"},
    ),
    "another id replaces": ("", ZHANG, OTHER_ID, False, {"replace": 1}, {"125": "张三"}),
    "another id replaces, deleting first": (
        "delete_before_replace=True",
        ZHANG,
        OTHER_ID,
        False,
        {"replace": 1},
        {"125": "张三"},
    ),
    "an alias of the resource": (
        "",
        ZHANG,
        ZHANG.replace('"zhang"', '"zhang3"').replace(
            "ResourceOptions(", "ResourceOptions(aliases=[pulumi.Alias('zhang')]"
        ),
        False,
        {},
        {"123": "张三"},
    ),
    "an alias of its parent": (
        "",
        OFFICE,
        OFFICE.replace('"office", opts', '"buero", opts').replace(
            "opts=pulumi.ResourceOptions({})", "opts=pulumi.ResourceOptions(aliases=[pulumi.Alias('office')])"
        ),
        False,
        {},
        {"123": "张三"},
    ),
    "a component that goes takes its users along": ("", OFFICE, NOTHING, False, {"delete": 2}, {}),
}


@pytest.mark.parametrize(("option", "first", "second", "fails", "changes", "users"), CASES.values(), ids=CASES)
def test_option(engine, emulator, option, first, second, fails, changes, users):
    assert not engine.up(first.format(option)).failed
    outcome = engine.up(second.format(option))
    assert outcome.failed == fails
    if not fails:
        assert outcome.changes == changes
    assert {user["userId"]: user["userName"] for user in emulator.users()} == users
    assert {user["outputs"]["userId"] for user in engine.users().values()} == (
        {"123"} if fails else {*users} - ({"123"} if "retain" in option else set())
    )


def test_who_needs_another_is_created_later_and_deleted_earlier(engine, emulator):
    engine.up("""
        first = cvc.User("first", user_id="1", user_name="张三", **ACME)
        after = pulumi.ResourceOptions(depends_on=first)
        second = cvc.User("second", user_id="2", user_name="李四", opts=after, **ACME)
        cvc.User("third", user_id="3", user_name=second.user_name, **ACME)
    """)
    engine.destroy()

    def order(action):
        return [request["userIds"] for request in emulator.requests() if request["action"] == action]

    assert order("CreateUser") == [["1"], ["2"], ["3"]]
    assert order("DeleteUser") == [["3"], ["2"], ["1"]]


def test_a_failure_keeps_what_was_done_and_deletes_nothing(engine, emulator):
    engine.up("""
        cvc.User("leaves", user_id="0", user_name="赵六", **ACME)
        cvc.User("zhang", user_id="1", user_name="张三", **ACME)
    """)
    emulator.add_faults([{"action": "CreateUser", "userId": "2", "fault": "error", "code": "Forbidden.RAM"}])
    outcome = engine.up("""
        first = cvc.User("zhang", user_id="1", user_name="王五", **ACME)
        cvc.User("refused", user_id="2", user_name="李四", opts=pulumi.ResourceOptions(depends_on=first), **ACME)
    """)
    assert outcome.failed
    assert {user["userId"]: user["userName"] for user in emulator.users()} == {"0": "赵六", "1": "王五"}
    held = {user["outputs"]["userId"]: user["outputs"]["userName"] for user in engine.users().values()}
    assert held == {"0": "赵六", "1": "王五"}
    assert engine.up().changes == {"create": 1, "delete": 1}
    assert [user["userId"] for user in emulator.users()] == ["1", "2"]


def test_the_name_of_a_resource_is_taken_once(engine):
    outcome = engine.up("""
        cvc.User("zhang", user_id="1", user_name="张三", **ACME)
        cvc.User("zhang", user_id="2", user_name="李四", **ACME)
    """)
    assert outcome.failed
    assert f"Duplicate resource URN '{engine.urn('zhang')}'; try giving it a unique name" in outcome.text


def test_a_program_that_fails(engine):
    outcome = engine.up("""
        cvc.User("zhang", user_id="1", user_name="张三", **ACME)
        raise LookupError("no such file")
    """)
    assert outcome.failed
    assert "LookupError: no such file" in outcome.text
    assert engine.up("""raise pulumi.RunError("set the department first")""").failed
    assert "Traceback" not in engine.up().text
