"""The second door: what it shows, what it changes, and whom it keeps out."""

import pytest
import requests

URL = "/_emulator/"


@pytest.fixture
def door(emulator, session):
    """Give a function that knocks and gives status and JSON."""

    def knock(method, path, json=None, **options):
        response = session.request(method, emulator.url + URL + path, json=json, timeout=10, **options)
        return response.status_code, response.json() if response.content else None

    return knock


def test_users_are_put_shown_and_deleted(clock, run, full):
    emulator, _ = run(clock)
    assert emulator.put_user(full) == full | {"createTime": int(clock.now * 1000)}
    assert emulator.users() == [emulator.user("123")] == [full | {"createTime": int(clock.now * 1000)}]
    assert emulator.put_user({**full, "jobName": "主任", "createTime": 5})["createTime"] == 5
    assert emulator.user("123")["jobName"] == "主任"
    emulator.delete_user("123")
    assert (emulator.users(), emulator.user("123")) == ([], None)
    with pytest.raises(ValueError, match="no such user"):
        emulator.delete_user("123")


def test_a_user_is_replaced_as_a_whole(emulator, zhang, full):
    emulator.put_user(full)
    assert "userTel" not in emulator.put_user(zhang)


@pytest.mark.parametrize("user_id", ["a/b", "a?b=c", "100%", "张三", "a b", "..", "line\nbreak", "users"])
def test_any_id_has_a_path(emulator, zhang, user_id):
    emulator.put_user(zhang | {"userId": user_id})
    assert emulator.user(user_id)["userId"] == user_id
    emulator.delete_user(user_id)
    assert emulator.users() == []


def test_users_are_cleared(door, emulator, zhang):
    emulator.put_user(zhang)
    assert door("DELETE", "users") == (204, None)
    assert emulator.users() == []


def test_the_front_page_tells_what_is_there_and_no_secret(door, emulator, client, zhang):
    emulator.put_user(zhang)
    client.get("123")
    status, page = door("GET", "")
    assert (status, page["users"], page["requests"], page["faults"]) == (200, 1, 1, 0)
    assert page["options"]["upsert"] == "merge"
    assert "testsecret" not in str(page)


def test_what_arrived_is_listed(emulator, client, connect, zhang):
    client.create(zhang, zhang | {"userId": "124"})
    connect(emulator, kind="sha1").get("nobody")
    client.send("GetUser")
    first, second, third = emulator.requests()
    shown = ("action", "count", "userIds", "signature", "status", "outcome", "fault", "inFlight")
    assert [first[name] for name in shown] == [
        *("CreateUser", 2, ["123", "124"], "acs3-hmac-sha256", 200, "ok", None, 1)
    ]
    assert [second[name] for name in shown][:6] == ["GetUser", 1, ["nobody"], "hmac-sha1", 200, "ErrorCode 4004"]
    assert (third["outcome"], third["status"]) == ("MissingUserId", 400)
    assert first["timeMs"] <= third["timeMs"]
    assert first["requestId"] != second["requestId"]
    emulator.clear_requests()
    assert emulator.requests() == []


BAD = {
    "no JSON": ("PUT", "users/1", {"data": b"{"}, "the body is not JSON"),
    "deep JSON": ("PUT", "users/1", {"data": b"[" * 100_000}, "the body is not JSON"),
    "no object": ("PUT", "users/1", {"json": []}, "the user must be an object"),
    "unknown field": (
        "PUT",
        "users/1",
        {"json": {"name": "x"}},
        "the user has an unknown field; the fields are userId",
    ),
    "wrong type": ("PUT", "users/1", {"json": {"userName": 1}}, "the user: userName must be a text"),
    "a time that is true": ("PUT", "users/1", {"json": {"createTime": True}}, "createTime must be a number of milli"),
    "another id": ("PUT", "users/1", {"json": {"userId": "2"}}, "the user's userId is not the one in the path"),
    "no name": ("PUT", "users/1", {"json": {"groupId": "1", "groupName": "x"}}, "the user's userName"),
    "no id": ("PUT", "users/", {"json": {}}, "the user id is empty"),
    "no uuid": ("PUT", "meetings/", {"json": {}}, "the meeting's uuid is empty"),
    "bad meeting": ("PUT", "meetings/1", {"json": {"memberInfos": {}}}, "the meeting: memberInfos must be a list"),
    "bad member": ("PUT", "meetings/1", {"json": {"memberInfos": [{"id": 1}]}}, "a member has an unknown field"),
    "a rule that is none": ("POST", "faults", {"json": [{"fault": "expired"}, "x"]}, "rule 1: must be an object"),
    "faults": ("POST", "faults", {"json": {}}, "faults must be a list of rules"),
}


@pytest.mark.parametrize(("method", "path", "options", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_told_and_changes_nothing(door, emulator, method, path, options, message):
    status, answer = door(method, path, **options)
    assert status == 400
    assert message in answer["error"]
    assert (emulator.users(), emulator.faults()) == ([], [])


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "users/nobody", "no such user"),
        ("GET", "user", "there is nothing here but GET and DELETE users, GET, PUT and"),
        ("POST", "users", "there is nothing here but GET and DELETE users, GET, PUT and"),
        ("GET", "meetings/1", "there is nothing here but GET and DELETE users, GET, PUT and"),
    ],
)
def test_what_is_not_there(door, method, path, message):
    status, answer = door(method, path)
    assert status == 404
    assert message in answer["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "cvc.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_web_pages_stay_outside(door, emulator, zhang, headers):
    """One whose name was made to point to this machine, and one that sends a form from elsewhere."""
    emulator.put_user(zhang)
    assert door("DELETE", "users", headers=headers)[0] == 403
    assert len(emulator.users()) == 1


def test_only_this_machine_is_served(emulator):
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.2:{emulator.port}/_emulator/", timeout=2, proxies={"http": ""})
