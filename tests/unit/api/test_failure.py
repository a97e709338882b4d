"""Errors are one complete line: what was tried, for whom, what the service said, its request id, what to do."""

from __future__ import annotations

import pytest

from pulumi_cvc import api
from pulumi_cvc.api import CvcError, GatewayError
from pulumi_cvc.api._failure import HINTS, hint
from pulumi_cvc.api._retry import RETRIES


def error_of(call):
    with pytest.raises(CvcError) as caught:
        call()
    return caught.value


def test_a_refusal(service, client):
    service.answer({"Success": False, "ErrorCode": 1001, "Message": "userName is too long.", "RequestId": "7F3A"})
    error = error_of(lambda: client.create_users([{"userId": "123"}]))
    assert str(error) == (
        "CreateUser refused user '123': userName is too long (ErrorCode 1001, request 7F3A); "
        "correct what the service names and run again"
    )


def test_a_refusal_without_a_reason(service, client):
    service.answer({"Success": False})
    error = error_of(lambda: client.delete_users(["123"]))
    assert str(error) == (
        "DeleteUser refused user '123': the service gave no reason (ErrorCode missing); "
        "correct what the service names and run again"
    )


def test_missing_permission(service, client):
    service.answer((403, {"Code": "Forbidden.RAM", "Message": "User not authorized…", "RequestId": "7F3A"}))
    error = error_of(lambda: client.get_user("123"))
    assert str(error) == (
        "GetUser failed for user '123': User not authorized… (HTTP 403 Forbidden.RAM, request 7F3A); "
        "attach the policy AliyunCVCFullAccess to the RAM user or role of these keys"
    )
    assert (error.status, error.code, error.message) == (403, "Forbidden.RAM", "User not authorized…")


def test_an_expired_token(service, client):
    service.answer((400, {"Code": "InvalidSecurityToken.Expired", "Message": "Specified SecurityToken is expired"}))
    error = error_of(lambda: client.list_members("m-1"))
    assert str(error) == (
        "ListMembers failed for meeting 'm-1': Specified SecurityToken is expired (HTTP 400 "
        "InvalidSecurityToken.Expired); get a new security token, with its own AccessKey id and secret"
    )


def test_a_page_of_a_proxy(service, client):
    service.answer((414, b"<html><body>414 Request-URI Too Large</body></html>"))
    error = error_of(lambda: client.get_user("1" * 500))
    assert str(error) == (
        f"GetUser failed for user '{'1' * 79}…: the answer is HTML, not one of CVC's (HTTP 414); "
        "the request is too long for a proxy in between: shorten the id, or lower cvc:batchSize"
    )
    assert isinstance(error, GatewayError)


def test_a_page_of_nobody_knows_whom_points_at_the_endpoint(service, client):
    service.answer((404, b"<html></html>"))
    assert str(error_of(lambda: client.get_user("1"))).endswith(
        "(HTTP 404); check cvc:endpoint and any proxy in between"
    )


@pytest.mark.parametrize(
    ("ids", "subject"),
    [
        (["1"], "user '1':"),
        (["1", "2"], "users '1', '2':"),
        (["1", "2", "3"], "users '1', '2', '3':"),
        (["1", "2", "3", "4", "5"], "users '1', '2', '3' and 2 more:"),
        (["a\nb"], r"user 'a\nb':"),
    ],
)
def test_at_most_three_users_are_named(service, client, ids, subject):
    service.answer({"Success": False, "Message": "no"})
    error = error_of(lambda: client.delete_users(ids))
    assert f"DeleteUser refused {subject} no" in str(error)
    assert str(error).isprintable()


def test_an_error_has_no_cause_that_could_show_the_request(service, client):
    service.answer(ConnectionResetError("secret"))
    error = error_of(lambda: client.get_user("1"))
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("status", "code", "part"),
    [
        (403, "NoPermission", "AliyunCVCFullAccess"),
        (404, "InvalidAccessKeyId.NotFound", "AccessKey id"),
        (400, "InvalidAccessKeyId.Inactive", "enable this AccessKey"),
        (400, "SignatureDoesNotMatch", "AccessKey secret"),
        (400, "IncompleteSignature", "hmac-sha1"),
        (400, "InvalidSecurityToken.Malformed", "check the security token"),
        (400, "MissingSecurityToken", "cvc:securityToken"),
        (400, "InvalidTimeStamp.Format", "clock"),
        (400, "SignatureNonceUsed", "run again"),
        (400, "Throttling.User", "cvc:maxQps"),
        (429, "", "cvc:maxQps"),
        (404, "InvalidAction.NotFound", "cvc:endpoint"),
        (400, "InvalidVersion", "2019-10-30"),
        (400, "MissingUserInfo", "proxy"),
        (302, "", "redirects are not followed"),
        (407, "", "HTTPS_PROXY"),
        (413, "", "cvc:batchSize"),
        (500, "InternalError", "run again later"),
        (503, "", "run again later"),
        (400, "SomethingNew", "troubleshoot"),
    ],
)
def test_what_to_do(status, code, part):
    assert part in hint(status, code)


def test_every_status_and_code_has_a_row():
    assert HINTS[-1][:2] == ("*", "*")
    assert RETRIES[-1][:2] == ("*", "*")


def test_every_public_error_is_a_cvc_error():
    errors = [getattr(api, name) for name in api.__all__ if name.endswith("Error")]
    assert all(issubclass(error, CvcError) for error in errors)
