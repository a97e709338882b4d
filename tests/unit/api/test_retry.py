from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cvc.api import AnswerError, CvcError, GatewayError, ServiceError, UnreachableError
from pulumi_cvc.api._retry import Again, again, pause_s

NO, BACK_OFF, SLOW_DOWN, CORRECT_CLOCK = Again.NO, Again.BACK_OFF, Again.SLOW_DOWN, Again.CORRECT_CLOCK

ROWS = [
    # no answer
    (0, "refused", BACK_OFF),
    (0, "dns", BACK_OFF),
    (0, "timeout", BACK_OFF),
    (0, "dropped", BACK_OFF),
    (0, "proxy", BACK_OFF),
    (0, "tls", NO),
    (0, "unsendable", NO),
    # an answer of CVC's
    (200, "damaged", BACK_OFF),
    (201, "damaged", BACK_OFF),
    (200, "shape", NO),
    (200, "1001", NO),
    (200, "", NO),
    (200, "Throttling.User", NO),
    # an answer of the gateway's, or of a proxy's
    (400, "Throttling", SLOW_DOWN),
    (400, "Throttling.User", SLOW_DOWN),
    (400, "Throttling.Api", SLOW_DOWN),
    (429, "Throttling.User", SLOW_DOWN),
    (429, "", SLOW_DOWN),
    (503, "ServiceUnavailable", SLOW_DOWN),
    (503, "", SLOW_DOWN),
    (500, "InternalError", BACK_OFF),
    (502, "", BACK_OFF),
    (504, "", BACK_OFF),
    (400, "SignatureNonceUsed", BACK_OFF),
    (400, "InvalidTimeStamp.Expired", CORRECT_CLOCK),
    (400, "InvalidTimeStamp.Format", NO),
    (301, "", NO),
    (302, "", NO),
    (400, "", NO),
    (400, "MissingUserInfo", NO),
    (400, "InvalidVersion", NO),
    (400, "SignatureDoesNotMatch", NO),
    (400, "IncompleteSignature", NO),
    (400, "InvalidSecurityToken.Expired", NO),
    (400, "InvalidSecurityToken.Malformed", NO),
    (400, "MissingSecurityToken", NO),
    (400, "InvalidAccessKeyId.Inactive", NO),
    (403, "Forbidden.RAM", NO),
    (403, "NoPermission", NO),
    (404, "InvalidAction.NotFound", NO),
    (404, "InvalidAccessKeyId.NotFound", NO),
    (407, "", NO),
    (413, "", NO),
    (414, "", NO),
]
ROW_IDS = [f"{status}-{code or 'none'}" for status, code, _ in ROWS]


@pytest.mark.parametrize(("status", "code", "expected"), ROWS, ids=ROW_IDS)
def test_row(status, code, expected):
    assert again(status, code) is expected


@pytest.mark.parametrize(
    ("status", "code", "expected"), [row for row in ROWS if row[0] >= 300], ids=[i for i in ROW_IDS if i >= "3"]
)
def test_the_client_tries_as_often_as_its_row_says(service, client, status, code, expected):
    service.answer((status, {"Code": code, "Message": "no", "RequestId": "7F3A-1"}))
    with pytest.raises(GatewayError) as caught:
        client.get_user("123")
    assert len(service.requests) == (5 if expected in {BACK_OFF, SLOW_DOWN} else 1)
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, code, "7F3A-1")


@pytest.mark.parametrize(
    ("answer", "attempts", "error"),
    [
        (ConnectionResetError("reset"), 5, UnreachableError),
        (ValueError("odd header"), 1, UnreachableError),
        (b"", 5, AnswerError),
        (b"<html>sign in</html>", 5, AnswerError),
        (b'{"Success": tr', 5, AnswerError),
        ((201, b""), 5, AnswerError),
        ({"Success": True, "ErrorCode": 17}, 1, AnswerError),
        ({"Success": False, "ErrorCode": 17, "Message": "no"}, 1, ServiceError),
    ],
    ids=["reset", "unsendable", "empty", "html", "broken json", "empty 201", "contradiction", "refusal"],
)
def test_attempts_without_a_gateway_error(service, client, answer, attempts, error):
    service.answer(answer)
    with pytest.raises(error):
        client.delete_users(["123"])
    assert len(service.requests) == attempts


def test_what_works_at_last_is_a_success(service, client, ok):
    service.answer((500, b""), ConnectionResetError("reset"), b"{", (400, {"Code": "SignatureNonceUsed"}), ok)
    client.delete_users(["123"])
    assert len(service.requests) == 5


@pytest.mark.parametrize("max_attempts", [1, 2, 7])
def test_max_attempts_counts_all_attempts(service, make_client, max_attempts):
    service.answer((500, b""))
    with pytest.raises(CvcError) as caught:
        make_client(max_attempts=max_attempts).get_user("123")
    assert len(service.requests) == max_attempts
    assert ("attempts" in str(caught.value)) == (max_attempts > 1)


def test_pauses_grow_up_to_a_cap(service, make_client, time):
    service.answer((500, b""))
    with pytest.raises(CvcError):
        make_client(max_attempts=10).get_user("123")
    assert time.sleeps == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20])


def test_no_pause_after_the_last_attempt_or_without_another(service, make_client, time):
    service.answer((500, b""))
    with pytest.raises(CvcError):
        make_client(max_attempts=1).get_user("123")
    service.answer((403, b""))
    with pytest.raises(CvcError):
        make_client().get_user("123")
    assert time.sleeps == []


@given(attempt=st.integers(1, 2000), random=st.floats(0, 1), asked=st.none() | st.floats(0, 1e9))
def test_pause_is_full_jitter_and_at_least_what_is_asked_up_to_a_minute(attempt, random, asked):
    pause = pause_s(attempt, asked, lambda: random)
    assert pause >= min(asked or 0, 60)
    assert pause <= max(min(20, 0.2 * 2.0 ** min(attempt - 1, 99)), min(asked or 0, 60))
    assert pause == max(pause_s(attempt, None, lambda: random), min(asked or 0, 60))


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x-acs-retry-after": "2500"}, 2.5),
        ({"X-Acs-Retry-After": " 2500 "}, 2.5),
        ({"Retry-After": "3"}, 3),
        ({"x-acs-retry-after": "1000", "Retry-After": "3"}, 1),
        ({"x-acs-retry-after": "99999999"}, 60),
        ({"x-acs-retry-after": "soon"}, 0.2),
        ({"x-acs-retry-after": "-5"}, 0.2),
        ({"Retry-After": "Fri, 02 Jan 2026 03:04:05 GMT"}, 0.2),
    ],
    ids=str,
)
def test_the_pause_that_the_server_asks_for_is_made(service, client, time, ok, headers, pause):
    service.answer((500, {"Code": "InternalError"}, headers), ok | {"UserInfo": None})
    client.get_user("123")
    assert time.sleeps == [pytest.approx(pause)]


def test_throttling_is_reported_and_slows_the_next_call(service, make_client, time, ok):
    reported = []
    client = make_client(on_throttle=reported.append)
    service.answer((400, {"Code": "Throttling.User"}, {"x-acs-retry-after": "2000"}), ok)
    client.delete_users(["123"])
    assert reported == [2.0]
    assert client.throttled == 1
    assert time.sleeps == [2.0]
    # The rate is one call a second by now.
    client.delete_users(["123"])
    assert len(time.sleeps) == 2


def test_throttling_is_not_reported_when_nothing_is_tried_again(service, make_client):
    reported = []
    service.answer((400, {"Code": "Throttling.User"}))
    with pytest.raises(GatewayError, match="lower cvc:maxQps"):
        make_client(on_throttle=reported.append, max_attempts=1).get_user("123")
    assert reported == []


def test_a_server_error_does_not_count_as_throttling(service, client, ok):
    service.answer((500, b""), ok)
    client.delete_users(["123"])
    assert client.throttled == 0
