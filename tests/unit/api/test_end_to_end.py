"""Through the emulator, which checks signatures with code of its own."""

from __future__ import annotations

import time
import uuid

import pytest

from pulumi_cvc.api import (
    AnswerError,
    Credentials,
    CvcError,
    GatewayError,
    ServiceError,
    UnreachableError,
)
from pulumi_cvc.emulator import Emulator
from pulumi_cvc.emulator._options import AccessKey

KEYS = (AccessKey("testid", "testsecret"), AccessKey("stsid", "stssecret", "sts/token+=="))
ODD = "张三 *~/+%&=?#'\"<>\\…"


@pytest.fixture(scope="module")
def shared():
    with Emulator(access_keys=KEYS) as emulator:
        yield emulator


@pytest.fixture
def emulator(shared):
    shared.clear_users()
    shared.clear_faults()
    shared.clear_requests()
    return shared


@pytest.fixture(params=["acs3-hmac-sha256", "hmac-sha1"])
def signed(request, emulator, connect):
    """Make a client of the emulator that signs in this way."""
    return lambda *credentials, **options: connect(emulator.url, *credentials, signature=request.param, **options)


def test_a_users_life(signed, emulator, full):
    client = signed()
    assert client.get_user("123") is None
    client.create_users([full])
    user = client.get_user("123")
    assert isinstance(user.pop("createTime"), int)
    assert user == full | {"jobName": ""}
    client.create_users([full | {"userName": "李四", "userTel": ""}])
    assert client.get_user("123")["userName"] == "李四"
    client.delete_users(["123"])
    assert client.get_user("123") is None
    assert {request["outcome"] for request in emulator.requests()} == {"ok", "ErrorCode 4004"}


def test_odd_characters_everywhere(signed):
    client = signed()
    user = dict.fromkeys(("userId", "userName", "groupId", "groupName", "departName"), ODD)
    client.create_users([user])
    assert user.items() <= client.get_user(ODD).items()
    client.delete_users([ODD])
    assert client.get_user(ODD) is None


def test_temporary_keys(signed, zhang):
    signed(Credentials("stsid", "stssecret", "sts/token+==")).create_users([zhang])
    with pytest.raises(GatewayError, match=r"MissingSecurityToken|security token"):
        signed(Credentials("stsid", "stssecret")).create_users([zhang])


def test_a_wrong_secret(signed, full):
    with pytest.raises(GatewayError, match="check the AccessKey secret") as caught:
        signed(Credentials("testid", "wrong")).create_users([full])
    shown = f"{caught.value}{vars(caught.value)}"
    # Two digits may well be in a request id.
    assert not [value for value in (*full.values(), "testid", "wrong") if value in shown and len(value) > 3]
    assert full["userName"] not in shown


def test_an_unknown_key(signed):
    with pytest.raises(GatewayError, match=r"HTTP 404 InvalidAccessKeyId.NotFound.*check the AccessKey id"):
        signed(Credentials("nobody", "secret")).get_user("123")


@pytest.mark.parametrize("offset_s", [3600, -3600])
def test_a_clock_that_is_an_hour_off_is_corrected(signed, emulator, offset_s):
    client = signed(clock=lambda: time.time() + offset_s)
    for _ in range(3):
        assert client.get_user("123") is None
    outcomes = [request["outcome"] for request in emulator.requests()]
    assert outcomes == ["InvalidTimeStamp.Expired"] + ["ErrorCode 4004"] * 3


def test_a_nonce_that_was_used_is_replaced(signed, emulator, zhang):
    once = uuid.uuid4().hex
    nonces = iter([once, once, f"not-{once}"])
    client = signed(nonce=lambda: next(nonces), max_attempts=2)
    client.get_user("123")
    client.create_users([zhang])
    assert emulator.user("123") is not None
    assert [request["outcome"] for request in emulator.requests()] == ["ErrorCode 4004", "SignatureNonceUsed", "ok"]


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "throttle", "retryAfterMs": 20},
        {"fault": "throttle", "status": 429},
        {"fault": "error", "code": "InternalError"},
        {"fault": "error", "code": "ServiceUnavailable"},
        {"fault": "dropBefore"},
        {"fault": "dropAfter"},
        {"fault": "garbage"},
        {"fault": "html"},
        {"fault": "html", "status": 200},
        {"fault": "empty"},
        {"fault": "truncated"},
        {"fault": "cut"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_a_passing_fault_is_survived(emulator, connect, zhang, fault):
    emulator.add_faults([fault | {"times": 2}])
    connect(emulator.url, max_attempts=3).create_users([zhang])
    assert emulator.user("123") is not None
    assert len(emulator.requests()) == 3


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"fault": "error", "code": "Forbidden.RAM"}, GatewayError),
        ({"fault": "error", "code": "NoPermission"}, GatewayError),
        ({"fault": "error", "code": "InvalidSecurityToken.Expired"}, GatewayError),
        ({"fault": "errorCode", "errorCode": 1001, "message": "用户名 张三 无效"}, ServiceError),
    ],
    ids=["Forbidden.RAM", "NoPermission", "InvalidSecurityToken.Expired", "ErrorCode"],
)
def test_a_lasting_fault_is_not_tried_again(emulator, connect, zhang, fault, kind):
    emulator.add_faults([fault | {"times": None}])
    with pytest.raises(kind) as caught:
        connect(emulator.url, max_attempts=5).create_users([zhang])
    (request,) = emulator.requests()
    assert request["requestId"] in str(caught.value)
    assert "张三" not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("dropBefore", UnreachableError), ("garbage", AnswerError), ("html", GatewayError), ("throttle", GatewayError)],
)
def test_attempts_come_to_an_end(emulator, connect, fault, kind):
    emulator.add_faults([{"fault": fault, "times": None}])
    with pytest.raises(kind, match="3 attempts"):
        connect(emulator.url, max_attempts=3).get_user("123")
    assert len(emulator.requests()) == 3


@pytest.mark.parametrize("missing_user", ["error", "null", "empty"])
def test_every_answer_about_a_missing_user_is_understood(connect, missing_user):
    with Emulator(missing_user=missing_user) as emulator:
        assert connect(emulator.url).get_user("nobody") is None


@pytest.mark.parametrize("meeting_form", ["current", "table", "sample"])
def test_every_form_of_a_meeting_is_understood(connect, meeting_form):
    member = {
        "memberUUID": "m1",
        "userId": "124",
        "userName": "李四",
        "status": "offline",
        "beginTime": 1,
        "endTime": 2,
    }
    meeting = {"meetingName": "周会", "meetingCode": "12345", "createTime": 1571119775000, "memberInfos": [member]}
    with Emulator(meeting_form=meeting_form) as emulator:
        emulator.put_meeting("uuid 1/张", meeting)
        found = connect(emulator.url).list_members("uuid 1/张")
    assert {name: found[name] for name in meeting} == meeting
    assert found["meetingUUID"] == "uuid 1/张"


def test_a_missing_meeting_is_an_error(signed):
    with pytest.raises(CvcError, match="meeting 'nothing'"):
        signed().list_members("nothing")
