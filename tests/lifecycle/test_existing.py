"""Users who are there before the stack is."""

import pytest

ZHANG = {"userId": "123", "userName": "王五", "groupId": "1", "groupName": "旧", "departName": "行政部"}
DECLARED = {"userName": "张三", "groupId": "88", "groupName": "阿里巴巴"}


@pytest.mark.parametrize("emulator", [{"upsert": "merge"}, {"upsert": "replace"}], indirect=True)
def test_adopt_takes_over_and_leaves_what_is_not_declared(engine, emulator):
    emulator.put_user(ZHANG)
    outcome = engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""")
    assert "user '123' was there already and is taken over" in outcome.text
    user = emulator.user("123")
    assert {name: user[name] for name in ZHANG} == ZHANG | DECLARED
    assert engine.up(refresh=True).changes == {}


def test_fail_writes_nothing(engine, emulator):
    emulator.put_user(ZHANG)
    outcome = engine.up("""cvc.User("zhang", user_id="123", user_name="张三", on_existing="fail", **ACME)""")
    assert outcome.failed
    assert "user '123' exists already and on_existing is 'fail', so nothing was written" in outcome.text
    assert (engine.users(), emulator.user("123")["userName"]) == ({}, "王五")


def test_the_stack_may_choose_for_all(engine, emulator):
    emulator.put_user(ZHANG)
    engine.config["cvc:onExisting"] = "fail"
    assert engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""").failed
    engine.config["cvc:onExisting"] = "overwrite"
    emulator.clear_requests()
    assert not engine.up().failed
    assert [request["action"] for request in emulator.requests()] == ["CreateUser", "GetUser"]


def test_looking_up_is_not_owning(engine, emulator):
    """`User.get`, `get_user` and `list_members` show what is there; nothing is written, and nobody deleted."""
    emulator.put_user(ZHANG | {"createTime": 1571119775000})
    member = {"memberUUID": "m", "userId": "123", "userName": "王五", "status": "online", "beginTime": 1571119775001}
    emulator.put_meeting("uuid", {"meetingName": "周会", "meetingCode": "0123", "memberInfos": [member, member]})
    outcome = engine.up("""
        got = cvc.User.get("got", "123")
        plain, meeting = cvc.get_user("123"), cvc.list_members("uuid")
        late, late_meeting = cvc.get_user_output(got.user_id), cvc.list_members_output(pulumi.Output.from_input("uuid"))
        pulumi.export("seen", pulumi.Output.all(
            got.depart_name, got.create_time, plain.user_name, plain.create_time, late.group_id, meeting.meeting_code,
            len(meeting.member_infos), meeting.member_infos[0].begin_time, late_meeting.meeting_name,
        ).apply(lambda seen: " ".join(map(str, seen))))
    """)
    seen = "行政部 1571119775000 王五 1571119775000 1 0123 2 1571119775001 周会"
    stack = next(resource for resource in engine.resources() if resource["type"] == "pulumi:pulumi:Stack")
    assert (outcome.failed, stack["outputs"]["seen"]) == (False, seen)
    engine.destroy()
    assert {request["action"] for request in emulator.requests()} == {"GetUser", "ListMembers"}
    assert emulator.user("123")["userName"] == "王五"


@pytest.mark.parametrize("run_program", [False, True])
def test_who_is_only_looked_up_outlives_the_stack(engine, emulator, run_program):
    emulator.put_user(ZHANG)
    engine.up("""
        cvc.User.get("got", "123")
        cvc.User("li", user_id="124", user_name="李四", **ACME)
    """)
    assert engine.destroy(run_program=run_program).changes == {"delete": 2, "discard": 1}
    assert engine.resources() == []
    assert [user["userId"] for user in emulator.users()] == ["123"]


def test_looking_up_somebody_who_is_not_there(engine):
    outcome = engine.up("""
        try:
            cvc.get_user("nobody")
        except cvc.CvcError as error:
            raise pulumi.RunError(f"caught: {error}")
    """)
    assert outcome.failed
    assert "caught: there is no user 'nobody': check the user_id, and that the credentials are for" in outcome.text


def test_other_resources_take_a_users_outputs(engine, emulator):
    engine.up("""
        zhang = cvc.User("zhang", user_id="123", user_name="张三", **ACME)
        cvc.User("assistant", user_id=zhang.user_id.apply("{}-2".format), user_name=zhang.user_name, **ACME)
    """)
    assert [user["userId"] for user in emulator.users()] == ["123", "123-2"]
