"""Nobody who is declared is deleted, however the program is rearranged."""

import pytest

ACME = {"groupId": "88", "groupName": "阿里巴巴"}
# An undeclared field, by which a user who was deleted and created again would be known.
KEPT = {"departName": "行政部"}
TWO = """
    cvc.User("zhang", user_id="123", user_name="张三", **ACME)
    cvc.User("li", user_id="124", user_name="李四", **ACME)
"""


@pytest.fixture
def two(engine, emulator):
    """Give a stack with two users."""
    engine.up(TWO)
    for user in emulator.users():
        emulator.put_user(user | KEPT)
    return engine


def names(emulator):
    """Give the names by id, of users who were not deleted in between."""
    return {user["userId"]: user["userName"] for user in emulator.users() if user.get("departName") == "行政部"}


def calls(emulator, action):
    return [user_id for request in emulator.requests() if request["action"] == action for user_id in request["userIds"]]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param(
            """
            cvc.User("zhang3", user_id="123", user_name="张三", **ACME)
            cvc.User("li", user_id="124", user_name="李四", **ACME)
            """,
            {"123": "张三", "124": "李四"},
            id="renamed",
        ),
        pytest.param(
            """
            office = pulumi.ComponentResource("acme:Office", "office")
            cvc.User("zhang", user_id="123", user_name="张三", opts=pulumi.ResourceOptions(parent=office), **ACME)
            cvc.User("li", user_id="124", user_name="李四", **ACME)
            """,
            {"123": "张三", "124": "李四"},
            id="moved under a parent",
        ),
        pytest.param(
            """
            cvc.User("li", user_id="123", user_name="张三", **ACME)
            """,
            {"123": "张三"},
            id="moved to the other resource",
        ),
        pytest.param(
            """
            cvc.User("zhang", user_id="124", user_name="李四", **ACME)
            cvc.User("li", user_id="123", user_name="张三", **ACME)
            """,
            {"123": "张三", "124": "李四"},
            id="swapped",
        ),
        pytest.param(
            """
            fail = dict(on_existing="fail", **ACME)
            opts = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="zhang")])
            cvc.User("zhang3", user_id="123", user_name="张三", opts=opts, **fail)
            cvc.User("li", user_id="124", user_name="李四", **fail)
            """,
            {"123": "张三", "124": "李四"},
            id="renamed with an alias",
        ),
    ],
)
def test_everybody_declared_is_kept(two, emulator, program, expected):
    outcome = two.up(program)
    assert not outcome.failed, outcome.text
    assert names(emulator) == expected
    assert {user["outputs"]["userId"] for user in two.users().values()} == {*expected}
    again = two.up(refresh=True)
    assert again.changes == {}


def test_a_rename_says_who_is_kept(two, emulator):
    emulator.clear_requests()
    outcome = two.up(TWO.replace('"zhang"', '"zhang3"'))
    assert outcome.changes == {"create": 1, "delete": 1}
    assert "user '123' is kept: the program still declares this user_id" in outcome.text
    assert calls(emulator, "DeleteUser") == []


def test_replacing_by_hand_deletes_nobody(two, emulator):
    outcome = two.up(replace=["zhang"])
    assert outcome.changes == {"replace": 1}
    assert names(emulator) == {"123": "张三", "124": "李四"}


def test_deleting_before_replacing_deletes_nobody(two, emulator):
    options = "opts=pulumi.ResourceOptions(delete_before_replace=True)"
    two.up(TWO.replace("**ACME", f"{options}, **ACME"))
    outcome = two.up(replace=["zhang"])
    assert outcome.changes == {"replace": 1}
    assert names(emulator) == {"123": "张三", "124": "李四"}


def test_another_id_deletes_the_former_user(two, emulator):
    """That is what was asked for: the person with the old id is not in the program any more."""
    assert two.up(TWO.replace("123", "125")).changes == {"replace": 1}
    assert [user["userId"] for user in emulator.users()] == ["124", "125"]


def test_a_targeted_deletion_deletes_and_the_next_up_brings_the_user_back(two, emulator):
    """With a target, the engine checks nothing else, so that nobody knows of the other resource."""
    two.program(TWO.replace('"zhang"', '"zhang3"'))
    two.up(target=["zhang"])
    assert [user["userId"] for user in emulator.users()] == ["124"]
    assert two.up().changes == {"create": 1}
    assert [user["userId"] for user in emulator.users()] == ["123", "124"]


def test_destroy_deletes_whom_the_program_declares(two, emulator):
    assert two.destroy(run_program=True).changes == {"delete": 3}
    assert emulator.users() == []


def test_two_stacks_know_nothing_of_each_other(two, make_engine, emulator):
    """What one deletes is drift for the other, which brings it back."""
    other = make_engine("other")
    assert (
        "'124' was there already and is taken over"
        in other.up("""cvc.User("li", user_id="124", user_name="李四", **ACME)""").text
    )
    two.destroy()
    assert emulator.users() == []
    assert other.up(refresh=True).changes == {"create": 1}
    assert [user["userId"] for user in emulator.users()] == ["124"]
