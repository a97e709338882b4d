"""What the four actions do, under every option."""

import json
import re

import pytest

REQUIRED = ["userId", "userName", "groupId", "groupName"]
OPTIONAL = ["userAvatarUrl", "departId", "departName", "userEmail", "userTel", "userMobile"]


def pascal(record):
    return {name[0].upper() + name[1:]: value for name, value in record.items()}


def test_a_created_user_reads_back_in_pascal_case(client, clock, run, full):
    """GetUser gives every field under the answer's names, and the creation time in ms."""
    _, client = run(clock)
    assert client.create(full)["Success"]
    assert client.get("123")["UserInfo"] == pascal(full) | {"CreateTime": 1_767_323_045_000}


def test_fields_never_set_are_absent(client, zhang):
    """A user with the required fields only has no others."""
    client.create(zhang)
    assert set(client.get("123")["UserInfo"]) == {"UserId", "UserName", "GroupId", "GroupName", "CreateTime"}


def test_the_vendors_sample_passes(client):
    """All four required fields may be 测试, and the avatar's URL has no scheme."""
    sample = dict.fromkeys(REQUIRED, "测试") | {"userAvatarUrl": "www.abc.com"}
    assert client.create(sample)["Success"]
    assert client.get("测试")["UserInfo"]["UserName"] == "测试"
    assert client.delete("测试", "测试")["Success"]
    assert not client.get("测试")["Success"]


def test_every_answer_has_the_same_envelope(client, zhang):
    """RequestId is a fresh UUID in capitals, ErrorCode 0, Message successful!, Success true."""
    answers = [client.create(zhang), client.get("123"), client.delete("123")]
    for answer in answers:
        assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", answer["RequestId"])
        assert (answer["ErrorCode"], answer["Message"], answer["Success"]) == (0, "successful!", True)
    assert len({answer["RequestId"] for answer in answers}) == 3


def test_answers_are_json_to_every_client(client):
    """The content type says so, which the Java client needs."""
    answer = client.send("GetUser", query={"UserId": "1"})
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["x-acs-request-id"] == answer.json()["RequestId"]


def test_create_is_an_upsert_that_keeps_the_creation_time(run, clock, zhang):
    """A second CreateUser updates the user in place."""
    _, client = run(clock)
    client.create(zhang)
    clock.now += 60
    client.create(zhang | {"userName": "李四"})
    user = client.get("123")["UserInfo"]
    assert (user["UserName"], user["CreateTime"]) == ("李四", 1_767_323_045_000)


def test_a_user_deleted_and_created_again_is_a_new_one(run, clock, zhang):
    """The creation time starts anew."""
    _, client = run(clock)
    client.create(zhang)
    client.delete("123")
    clock.now += 60
    client.create(zhang)
    assert client.get("123")["UserInfo"]["CreateTime"] == 1_767_323_105_000


@pytest.mark.parametrize(("upsert", "kept"), [("merge", True), ("replace", False)])
def test_fields_left_out_are_kept_or_cleared(upsert, kept, run, zhang, full):
    """--upsert: merge keeps them, replace clears them."""
    emulator, client = run(upsert=upsert)
    client.create(full)
    client.create(zhang)
    assert emulator.user("123").keys() >= set(OPTIONAL) if kept else set(emulator.user("123")) == {*zhang, "createTime"}


def test_null_counts_as_left_out(client, full):
    """It neither clears nor is it an error."""
    client.create(full)
    assert client.create(full | dict.fromkeys(OPTIONAL))["Success"]
    assert client.get("123")["UserInfo"]["UserMobile"] == "13900000000"


@pytest.mark.parametrize("upsert", ["merge", "replace"])
def test_an_empty_string_clears(upsert, run, full):
    """--empty-clears yes: the field reads back empty."""
    _, client = run(upsert=upsert)
    client.create(full)
    client.create(full | {"userTel": ""})
    assert client.get("123")["UserInfo"]["UserTel"] == ""


def test_an_empty_string_may_be_ignored(run, full):
    """--empty-clears no: the field stays as it was."""
    _, client = run(empty_clears=False)
    client.create(full)
    client.create(full | {"userTel": ""})
    assert client.get("123")["UserInfo"]["UserTel"] == "0571-1"


def test_what_only_the_service_sets_survives_a_replace(run, zhang):
    """JobName is no request's field, so a replacing upsert leaves it."""
    emulator, client = run(upsert="replace")
    emulator.put_user(zhang | {"jobName": "经理"})
    client.create(zhang)
    assert client.get("123")["UserInfo"]["JobName"] == "经理"


def test_unknown_fields_are_ignored(client, zhang):
    """As the vendor's parser would."""
    assert client.create(zhang | {"user_tel": "1", "x": [1]})["Success"]
    assert "User_tel" not in client.get("123")["UserInfo"]


def test_the_last_of_two_with_one_id_wins(client, zhang):
    """Within one CreateUser."""
    assert client.create(zhang, zhang | {"userName": "李四"})["Success"]
    assert client.get("123")["UserInfo"]["UserName"] == "李四"


def test_a_missing_user_is_refused(client):
    """--missing-user error: Success false, an ErrorCode, and words that say so, with HTTP status 200."""
    answer = client.send("GetUser", query={"UserId": "1"})
    assert (answer.status_code, answer.json()["Success"], answer.json()["Message"]) == (200, False, "用户不存在")
    assert answer.json()["ErrorCode"] != 0
    assert "UserInfo" not in answer.json()


@pytest.mark.parametrize(("form", "expected"), [("null", None), ("empty", {})])
def test_a_missing_user_may_be_a_success_without_one(form, expected, run):
    """--missing-user null and empty."""
    _, client = run(missing_user=form)
    answer = client.get("1")
    assert (answer["Success"], answer["UserInfo"]) == (True, expected)


def test_deleting_a_missing_user_is_nothing(client):
    """--delete-missing ok."""
    assert client.delete("1")["Success"]


@pytest.mark.parametrize(("bad_batch", "left"), [("whole", ["123"]), ("part", [])])
def test_deleting_a_missing_user_may_be_refused(bad_batch, left, run, zhang):
    """--delete-missing error; --bad-batch says what becomes of the others."""
    emulator, client = run(delete_missing="error", bad_batch=bad_batch)
    client.create(zhang)
    answer = client.delete("123", "1")
    assert (answer["Success"], answer["Message"]) == (False, "用户不存在")
    assert [user["userId"] for user in emulator.users()] == left


def test_deleting_a_user_twice_in_one_call_is_no_error(run, zhang):
    """The vendor's sample does, so it passes even under --delete-missing error."""
    _, client = run(delete_missing="error")
    client.create(zhang)
    assert client.delete("123", "123")["Success"]


@pytest.mark.parametrize(("bad_batch", "created"), [("whole", []), ("part", ["1", "3"])])
def test_a_bad_user_spoils_the_batch_or_itself(bad_batch, created, run, zhang):
    """--bad-batch: the answer is the same, and does not say who it was."""
    emulator, client = run(bad_batch=bad_batch)
    users = [zhang | {"userId": "1"}, zhang | {"userId": "2", "userName": ""}, zhang | {"userId": "3"}]
    answer = client.create(*users)
    assert not answer["Success"]
    assert answer["ErrorCode"] != 0
    assert "2" not in answer["Message"]
    assert [user["userId"] for user in emulator.users()] == created


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", ["", None, 1, True, [], {}, "\ud800"])
def test_required_fields_are_texts(name, value, client, zhang):
    """Neither empty nor of another type nor half a character."""
    form = {"Count": "1", "UserInfo": json.dumps([zhang | {name: value}])}
    answer = client.send("CreateUser", form=form)
    assert (answer.status_code, answer.json()["Success"]) == (200, False)
    assert name in answer.json()["Message"]


@pytest.mark.parametrize("name", OPTIONAL)
@pytest.mark.parametrize("value", [1, False, [], {}, "\udfff"])
def test_optional_fields_are_texts(name, value, client, zhang):
    """If they are given."""
    form = {"Count": "1", "UserInfo": json.dumps([zhang | {name: value}])}
    assert not client.send("CreateUser", form=form).json()["Success"]


@pytest.mark.parametrize("action", ["CreateUser", "DeleteUser"])
@pytest.mark.parametrize(
    "users", [[None], ["123"], [1], [[]], [{}], [{"userId": None}], [{"userId": ["1"]}], [{"userId": ""}]]
)
def test_users_are_objects_with_an_id(action, users, client):
    """Anything else is a bad user."""
    answer = client.send(action, form={"Count": "1", "UserInfo": json.dumps(users)})
    assert (answer.status_code, answer.json()["Success"]) == (200, False)


@pytest.mark.parametrize("action", ["CreateUser", "DeleteUser"])
@pytest.mark.parametrize(
    "user_info",
    ["{}", "null", "[", "x", '"[]"', "[1e", "[" * 100_000, "[" + "9" * 5000 + "}", "[NaN", "\x00", "[{'userId':1}]"],
)
def test_user_info_is_a_json_array(action, user_info, client):
    """Anything else is refused, with HTTP status 200."""
    answer = client.send(action, form={"Count": "1", "UserInfo": user_info})
    assert (answer.status_code, answer.json()["Success"]) == (200, False)


@pytest.mark.parametrize("count", ["0", "2", "-1", "1.0", "x", "٢", "1" * 5000, " 1"])
def test_count_is_the_number_of_users(count, client, zhang, emulator):
    """A count that differs is refused, whatever it is."""
    answer = client.send("CreateUser", form={"Count": count, "UserInfo": json.dumps([zhang])})
    assert (answer.status_code, answer.json()["Success"]) == (200, False)
    assert emulator.users() == []


def test_a_batch_of_nobody_is_refused(client):
    """An empty array is no batch."""
    assert not client.send("CreateUser", form={"Count": "0", "UserInfo": "[]"}).json()["Success"]


def test_a_batch_may_have_a_limit(run, zhang):
    """--max-count refuses larger ones."""
    emulator, client = run(max_count=2)
    users = [zhang | {"userId": str(number)} for number in range(3)]
    assert not client.create(*users)["Success"]
    assert client.create(*users[:2])["Success"]
    assert len(emulator.users()) == 2


def test_writes_become_visible_after_the_read_delay(run, clock, zhang):
    """--read-delay: a new user, a change and a deletion reach GetUser one after the other, later."""
    emulator, client = run(clock, read_delay_s=10)
    client.create(zhang)
    clock.now += 5
    client.create(zhang | {"userName": "李四"})
    assert not client.get("123")["Success"]
    assert emulator.user("123")["userName"] == "李四"
    clock.now += 5
    assert client.get("123")["UserInfo"]["UserName"] == "张三"
    clock.now += 5
    assert client.get("123")["UserInfo"]["UserName"] == "李四"
    client.delete("123")
    assert client.get("123")["Success"]
    assert emulator.users() == []
    clock.now += 10
    assert not client.get("123")["Success"]


def test_what_is_written_by_hand_is_visible_at_once(run, clock, zhang):
    """The second door overtakes writes that are still on their way."""
    emulator, client = run(clock, read_delay_s=10)
    client.create(zhang)
    emulator.put_user(zhang | {"userName": "李四"})
    assert client.get("123")["UserInfo"]["UserName"] == "李四"
    clock.now += 10
    assert client.get("123")["UserInfo"]["UserName"] == "李四"
    client.create(zhang)
    emulator.delete_user("123")
    clock.now += 10
    assert not client.get("123")["Success"]


MEETING = {
    "meetingName": "周会",
    "meetingCode": "6789",
    "createTime": 1_571_119_775_000,
    "userId": "123",
    "userName": "张三",
    "memo": "memo",
    "memberInfos": [
        {"memberUUID": "a", "userId": "123", "userName": "张三", "status": "offline", "beginTime": 1, "endTime": 2},
        {"memberUUID": "b", "userId": "123", "userName": "张三", "status": "online", "beginTime": 3},
    ],
}
COMMON = {"MeetingName": "周会", "UserId": "123", "UserName": "张三", "Memo": "memo", "MeetingUUID": "m-1"}
MEMBERS = [
    {"MemberUUID": "a", "UserId": "123", "UserName": "张三", "Status": "offline", "BeginTime": 1, "EndTime": 2},
    {"MemberUUID": "b", "UserId": "123", "UserName": "张三", "Status": "online", "BeginTime": 3},
]
TEXT_TIMES = [MEMBERS[0] | {"BeginTime": "1", "EndTime": "2"}, MEMBERS[1] | {"BeginTime": "3"}]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("current", {"MeetingCode": "6789", "CreateTime": 1_571_119_775_000, "MemberInfos": MEMBERS}),
        ("table", {"MeetingCode": "6789", "CreateDate": 1_571_119_775_000, "MemberInfos": TEXT_TIMES}),
        ("sample", {"MeetingCode": 6789, "CreateCreate": 1_571_119_775_000, "MemberList": MEMBERS}),
    ],
)
def test_a_meeting_comes_in_the_form_asked_for(form, expected, run):
    """--meeting-form: the current page, the old document's table, and its sample, one record for each join."""
    emulator, client = run(meeting_form=form)
    emulator.put_meeting("m-1", MEETING)
    assert client.members("m-1")["MeetingInfo"] == COMMON | expected


def test_a_meeting_that_nobody_joined_has_no_members(client, emulator):
    """The list is there and empty."""
    emulator.put_meeting("m-2", {})
    assert client.members("m-2")["MeetingInfo"] == {"MeetingUUID": "m-2", "MemberInfos": []}


def test_an_unknown_meeting_is_refused(client):
    """Success false with words of its own."""
    answer = client.members("nowhere")
    assert (answer["Success"], answer["Message"]) == (False, "会议不存在")


def test_a_large_directory_is_no_trouble(run, zhang):
    """20,000 users in two calls, and one of them read back."""
    emulator, client = run()
    for start in (0, 10_000):
        assert client.create(*(zhang | {"userId": str(start + number)} for number in range(10_000)))["Success"]
    assert client.get("19999")["Success"]
    assert len(emulator.users()) == 20_000
