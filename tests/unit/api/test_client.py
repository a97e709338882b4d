from __future__ import annotations

import json
import logging
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from pulumi_cvc.api import (
    USER_FIELDS,
    Client,
    ConfigurationError,
    Credentials,
    CredentialsError,
    GatewayError,
    RequestError,
)

EXPIRED = {"Code": "InvalidTimeStamp.Expired", "Message": "Specified time stamp or date value is expired."}
HOUR_AHEAD = {"Date": "Fri, 02 Jan 2026 04:04:05 GMT"}


def body(request):
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def test_create_users_sends_the_users_in_the_body(service, client, full, zhang):
    client.create_users([full, zhang | {"userId": "124"}])
    (request,) = service.requests
    assert (request.method, request.url) == ("POST", "https://aliyuncvc.cn-hangzhou.aliyuncs.com/")
    assert request.headers["x-acs-action"] == "CreateUser"
    assert request.headers["content-length"] == str(len(request.body))
    form = body(request)
    assert form.keys() == {"Count", "UserInfo"}
    assert form["Count"] == "2"
    assert json.loads(form["UserInfo"]) == [full, zhang | {"userId": "124"}]


def test_create_users_takes_what_get_user_gave(service, client, ok):
    service.answer(ok | {"UserInfo": {"UserName": "张三", "JobName": "x", "CreateTime": 1571119775000}})
    user = client.get_user("123")
    client.create_users([user])
    (sent,) = json.loads(body(service.requests[-1])["UserInfo"])
    assert sent == dict.fromkeys(USER_FIELDS, "") | {"userId": "123", "userName": "张三"}


def test_an_empty_field_is_sent_and_an_absent_one_is_not(service, client, zhang):
    client.create_users([zhang | {"userTel": ""}])
    (sent,) = json.loads(body(service.requests[0])["UserInfo"])
    assert sent == zhang | {"userTel": ""}


def test_delete_users_sends_the_ids_in_the_body(service, client):
    client.delete_users(["123", "张三"])
    (request,) = service.requests
    assert request.headers["x-acs-action"] == "DeleteUser"
    assert not urlsplit(request.url).query
    assert body(request) == {"Count": "2", "UserInfo": '[{"userId":"123"},{"userId":"张三"}]'}


@pytest.mark.parametrize("write", ["create_users", "delete_users"])
def test_nothing_is_sent_for_nobody(service, client, write):
    getattr(client, write)([])
    assert service.requests == []


def test_reads_send_their_id_in_the_query(service, client, ok):
    service.answer(ok | {"UserInfo": None}, ok | {"MeetingInfo": {"MeetingUUID": "m"}})
    client.get_user("张三 *~/+")
    client.list_members("m&1")
    user, meeting = service.requests
    assert urlsplit(user.url).query == "UserId=%E5%BC%A0%E4%B8%89%20%2A~%2F%2B"
    assert urlsplit(meeting.url).query == "MeetingUUID=m%261"
    assert user.body == meeting.body == b""
    assert (user.headers["x-acs-action"], meeting.headers["x-acs-action"]) == ("GetUser", "ListMembers")


def test_hmac_sha1_sends_what_is_common_in_the_query(service, make_client, zhang):
    make_client(signature="hmac-sha1", region_id="cn-beijing").create_users([zhang])
    (request,) = service.requests
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    assert query["Action"] == "CreateUser"
    assert query["RegionId"] == "cn-beijing"
    assert query["Signature"]
    assert "authorization" not in request.headers
    assert body(request).keys() == {"Count", "UserInfo"}
    assert "张三" not in request.url


def test_every_attempt_has_its_own_nonce_time_stamp_and_credentials(service, make_client, time):
    class Renewed:
        asked = 0

        def get_credentials(self):
            self.asked += 1
            return Credentials(f"id{self.asked}", "secret", "token")

    def pass_seconds(seconds):
        time.now += round(seconds * 5)

    service.answer((500, b""))
    with pytest.raises(GatewayError):
        make_client(Renewed(), max_attempts=3, sleep=pass_seconds).get_user("123")
    headers = [request.headers for request in service.requests]
    assert [header["x-acs-signature-nonce"] for header in headers] == ["nonce-1", "nonce-2", "nonce-3"]
    assert [header["x-acs-date"] for header in headers] == [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:06Z",
        "2026-01-02T03:04:08Z",
    ]
    assert [header["x-acs-accesskey-id"] for header in headers] == ["id1", "id2", "id3"]
    assert len({header["authorization"] for header in headers}) == 3


class TestClock:
    def test_is_corrected_by_the_servers_and_stays_so(self, service, client, ok):
        service.answer((400, EXPIRED, HOUR_AHEAD), ok)
        client.delete_users(["123"])
        client.delete_users(["123"])
        stamps = [request.headers["x-acs-date"] for request in service.requests]
        assert stamps == ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05Z", "2026-01-02T04:04:05Z"]

    def test_correction_is_not_counted_and_not_waited_for(self, service, make_client, time, ok):
        service.answer((400, EXPIRED, HOUR_AHEAD), ok)
        make_client(max_attempts=1).delete_users(["123"])
        assert time.sleeps == []

    def test_is_corrected_once_for_each_call(self, service, client):
        service.answer((400, EXPIRED, HOUR_AHEAD))
        with pytest.raises(GatewayError, match="check the clock"):
            client.get_user("123")
        assert len(service.requests) == 2

    @pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": "Fri, 99 Jan 2026 04:04:05 GMT"}])
    def test_is_left_alone_when_the_server_does_not_say(self, service, client, headers):
        service.answer((400, EXPIRED, headers))
        with pytest.raises(GatewayError, match="check the clock"):
            client.get_user("123")
        assert len(service.requests) == 1

    def test_the_end_of_time_is_survived(self, service, client, time):
        service.answer((400, EXPIRED, {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"}))
        for _ in range(2):
            with pytest.raises(GatewayError):
                client.get_user("123")
            time.now += 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"endpoint": "http://example.com"}, "https://"),
        ({"signature": "md5"}, "one of acs3-hmac-sha256, hmac-sha1"),
        ({"max_attempts": 0}, "max_attempts must be greater than 0"),
        ({"timeout_s": 0}, "timeout_s must be"),
        ({"timeout_s": float("nan")}, "timeout_s must be"),
        ({"timeout_s": float("inf")}, "timeout_s must be"),
        ({"max_connections": -1}, "max_connections must be"),
        ({"max_qps": 0.0}, "max_qps must be"),
        ({"not_found_error_codes": [0]}, "not_found_error_codes must not hold 0"),
        ({"not_found_error_codes": [" "]}, "an empty code"),
    ],
    ids=str,
)
def test_wrong_options_are_refused(options, said):
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        Client(Credentials("testid", "testsecret"), **options)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda client: client.get_user(""), "GetUser was not sent: userId is empty"),
        (lambda client: client.get_user(" \t"), "GetUser was not sent: userId is empty"),
        (lambda client: client.list_members(""), "ListMembers was not sent: meetingUUID is empty"),
        (lambda client: client.delete_users(["1", ""]), "DeleteUser was not sent: userId is empty"),
        (lambda client: client.create_users([{"userName": "secret"}]), "CreateUser was not sent: userId is empty"),
        (lambda client: client.create_users([{"userId": "7", "userTel": 5}]), "for userId '7': userTel must be text"),
        (lambda client: client.create_users([{"userId": "7", "userTel": ["5"]}]), "userTel must be text"),
        (lambda client: client.create_users([{"userId": "7", "userTel": None}]), "userTel must be text"),
        (lambda client: client.create_users([{"userId": 7}]), "for userId '7': userId must be text"),
        (lambda client: client.create_users([{"userId": "7", "userName": "\ud83d"}]), "userName holds half of a surr"),
        (lambda client: client.get_user("a\udc00"), "userId holds half of a surrogate pair"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_is(service, client, call, said):
    with pytest.raises(RequestError, match=re.escape(said)) as caught:
        call(client)
    assert service.requests == []
    assert "secret" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_missing_credentials_send_nothing_and_say_so(service, make_client):
    class Nobody:
        def get_credentials(self):
            raise CredentialsError("no credentials: tried everything")

    with pytest.raises(CredentialsError, match="tried everything"):
        make_client(Nobody()).get_user("123")
    assert service.requests == []


def test_a_session_that_was_handed_in_is_not_closed(service, make_client, monkeypatch):
    closed = []
    monkeypatch.setattr(service, "close", lambda: closed.append(1))
    with make_client() as client:
        client.delete_users(["123"])
    assert closed == []


def test_each_attempt_is_logged_without_what_must_not_be_shown(service, client, caplog, full):
    service.answer(
        (400, {"Code": "SignatureNonceUsed", "RequestId": "7F3A-9", "Message": full["userMobile"]}), {"Success": True}
    )
    with caplog.at_level(logging.DEBUG):
        client.create_users([full])
    assert [record.message for record in caplog.records] == [
        "CreateUser of 1 users, attempt 1: status 400, code SignatureNonceUsed, request 7F3A-9",
        "CreateUser of 1 users, attempt 2: status 200, code ok, request ",
    ]


def test_repr_of_a_client_shows_no_key(client):
    assert "test" not in repr(client)
