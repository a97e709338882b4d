"""Each fault, as a client meets it, and whether the action was done."""

import json
import time

import pytest
import requests

DONE, NOT_DONE = ["123"], []
HTML = "text/html"
JSON = "application/json;charset=utf-8"

ANSWERED = {
    "throttle": ({"fault": "throttle"}, 400, JSON, '"Code":"Throttling.User"', NOT_DONE),
    "throttle of another kind": (
        {"fault": "throttle", "code": "Throttling", "status": 429},
        *(429, JSON, '"Code":"Throttling"', NOT_DONE),
    ),
    "error": ({"fault": "error", "code": "ServiceUnavailable"}, 503, JSON, '"Code":"ServiceUnavailable"', NOT_DONE),
    "error of one's own": (
        {"fault": "error", "code": "Strange", "status": 418, "message": "teapot", "applies": True},
        *(418, JSON, '"Message":"teapot"', DONE),
    ),
    "errorCode": (
        {"fault": "errorCode", "errorCode": 1001, "message": "bad"},
        *(200, JSON, '"ErrorCode":1001,"Message":"bad","Success":false', NOT_DONE),
    ),
    "expired": ({"fault": "expired"}, 400, JSON, '"Code":"InvalidTimeStamp.Expired"', NOT_DONE),
    "delay": ({"fault": "delay", "seconds": 0.01}, 200, JSON, '"Success":true', DONE),
    "slow": ({"fault": "slow", "seconds": 0.01}, 200, JSON, '"Success":true', DONE),
    "garbage": ({"fault": "garbage"}, 200, JSON, '{"RequestId": <<<', NOT_DONE),
    "garbage, done": ({"fault": "garbage", "applies": True}, 200, JSON, '{"RequestId": <<<', DONE),
    "html": ({"fault": "html"}, 502, HTML, "502", NOT_DONE),
    "html, done": ({"fault": "html", "status": 504, "applies": True}, 504, HTML, "504", DONE),
    "empty": ({"fault": "empty"}, 200, JSON, "", NOT_DONE),
    "empty, done": ({"fault": "empty", "status": 500, "applies": True}, 500, JSON, "", DONE),
    "truncated": ({"fault": "truncated"}, 200, JSON, '{"RequestId":', DONE),
}


@pytest.mark.parametrize(("rule", "status", "kind", "text", "done"), ANSWERED.values(), ids=ANSWERED)
def test_a_fault_that_answers(client, emulator, zhang, rule, status, kind, text, done):
    emulator.add_faults([rule])
    answer = client.send("CreateUser", form={"Count": "1", "UserInfo": json.dumps([zhang])})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, kind.split(";")[0])
    assert text in answer.text
    assert [user["userId"] for user in emulator.users()] == done
    assert emulator.requests()[0]["fault"] == rule["fault"]
    # Once, unless told otherwise.
    assert client.create(zhang)["Success"]


@pytest.mark.parametrize(("fault", "done"), [("dropBefore", NOT_DONE), ("dropAfter", DONE), ("cut", DONE)])
def test_a_fault_that_breaks_the_connection_off(client, emulator, zhang, fault, done):
    emulator.add_faults([{"fault": fault}])
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.create(zhang)
    assert [user["userId"] for user in emulator.users()] == done
    assert emulator.requests()[0]["outcome"] == fault


def test_truncated_json_and_a_cut_connection_end_in_the_middle(client, emulator):
    emulator.add_faults([{"fault": "truncated"}])
    answer = client.send("GetUser", query={"UserId": "1"})
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_throttling_says_when_to_come_again(client, emulator):
    emulator.add_faults([{"fault": "throttle", "retryAfterMs": 70}])
    assert client.send("GetUser", query={"UserId": "1"}).headers["x-acs-retry-after"] == "70"


def test_a_delay_is_waited_for(client, emulator):
    emulator.add_faults([{"fault": "delay", "seconds": 0.3}, {"fault": "slow", "seconds": 0.3}])
    for _ in range(2):
        started = time.monotonic()
        client.get("1")
        assert time.monotonic() - started >= 0.3


def test_one_bad_user_of_a_batch(run, zhang):
    """With bad_batch=part the others are written; the answer is the same."""
    for bad_batch, written in [("whole", []), ("part", ["123"])]:
        emulator, client = run(bad_batch=bad_batch)
        emulator.add_faults([{"fault": "errorCode", "errorCode": 7, "message": "bad one", "userId": "124"}])
        answer = client.create(zhang, zhang | {"userId": "124"})
        assert (answer["Success"], answer["ErrorCode"], answer["Message"]) == (False, 7, "bad one")
        assert [user["userId"] for user in emulator.users()] == written


def outcomes(client, emulator, *user_ids):
    emulator.clear_requests()
    for user_id in user_ids:
        client.get(user_id)
    return [request["fault"] for request in emulator.requests()]


def test_when_and_how_often(client, emulator):
    emulator.add_faults([{"fault": "throttle", "after": 1, "times": 2}])
    assert outcomes(client, emulator, *"11111") == [None, "throttle", "throttle", None, None]
    assert emulator.faults() == [{"fault": "throttle", "after": 1, "times": 2, "fired": 2}]
    emulator.clear_faults()
    emulator.add_faults([{"fault": "throttle", "times": None}])
    assert outcomes(client, emulator, *"111") == ["throttle"] * 3
    emulator.clear_faults()
    assert outcomes(client, emulator, "1") == [None]


def test_for_which_action_and_user(client, emulator, zhang):
    emulator.add_faults(
        [
            {"fault": "throttle", "action": "DeleteUser", "times": None},
            {"fault": "expired", "userId": "2", "times": None},
        ]
    )
    assert outcomes(client, emulator, "1", "2") == [None, "expired"]
    emulator.clear_requests()
    client.create(zhang, zhang | {"userId": "2"})
    client.delete("1")
    assert [request["fault"] for request in emulator.requests()] == ["expired", "throttle"]


def test_the_first_rule_that_fires_decides_and_later_ones_do_not_count_the_request(client, emulator):
    emulator.add_faults([{"fault": "throttle"}, {"fault": "expired", "after": 1}])
    assert outcomes(client, emulator, *"1111") == ["throttle", None, "expired", None]


def test_only_what_passes_the_gateway_meets_a_fault(connect, emulator):
    emulator.add_faults([{"fault": "dropBefore"}])
    assert connect(emulator, secret="wrong").send("GetUser", query={"UserId": "1"}).status_code == 400
    assert emulator.faults()[0]["fired"] == 0


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "rule 1: fault must be one of throttle, error,"),
        ({"fault": "fire"}, "rule 1: fault must be one of throttle, error,"),
        ({"fault": "expired", "seconds": 1}, "rule 1: expired takes no such field; it takes fault, action, userId"),
        ({"fault": "error"}, "rule 1: error needs code"),
        ({"fault": "error", "code": "Strange"}, "rule 1: error needs status, since its code is not in the gateway's"),
        ({"fault": "errorCode"}, "rule 1: errorCode needs errorCode"),
        ({"fault": "errorCode", "errorCode": 0}, "rule 1: errorCode must be a number other than 0"),
        ({"fault": "delay"}, "rule 1: delay needs seconds"),
        ({"fault": "delay", "seconds": -1}, "rule 1: seconds must be a number from 0 to 86400"),
        ({"fault": "delay", "seconds": float("inf")}, "rule 1: seconds must be a number from 0 to 86400"),
        ({"fault": "html", "status": 302}, "rule 1: status must be 200, or from 400 to 599"),
        ({"fault": "throttle", "status": 200}, "rule 1: status must be an HTTP status from 400 to 599"),
        ({"fault": "throttle", "action": "ListUsers"}, "rule 1: action must be one of *, CreateUser"),
        ({"fault": "throttle", "times": -1}, "rule 1: times must be a number, 0 or more, or null for ever"),
        ({"fault": "throttle", "after": True}, "rule 1: after must be a number, 0 or more"),
        ({"fault": "throttle", "userId": ""}, "rule 1: userId must be a text"),
        ({"fault": "garbage", "applies": 1}, "rule 1: applies must be true or false"),
    ],
    ids=str,
)
def test_a_bad_rule_is_told_and_none_is_added(emulator, rule, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its whole text is looked at
        emulator.add_faults([{"fault": "expired"}, rule])
    assert str(refused.value).startswith(message)
    assert emulator.faults() == []
