"""Why an attempt failed, and the one line that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from pulumi_cvc.api.errors import (
    AnswerError,
    CvcError,
    GatewayError,
    ServiceError,
    UnreachableError,
    UserNotFoundError,
)

_NAMED_USERS = 3
_LONGEST_ID = 80


@dataclass(frozen=True)
class Request:
    """One action, before it is signed; *form* is sent in the body."""

    action: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    user_ids: Sequence[str] = ()
    meeting_uuid: str = ""
    private: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def subject(self) -> str:
        """Whom or what the request is about: at most three users are named."""
        if not self.user_ids:
            return f"meeting {quoted(self.meeting_uuid)}"
        named = ", ".join(map(quoted, self.user_ids[:_NAMED_USERS]))
        others = len(self.user_ids) - _NAMED_USERS
        return f"user{'s' * (len(self.user_ids) > 1)} {named}" + (f" and {others} more" if others > 0 else "")


def quoted(name: str) -> str:
    """Show a name in quotes, on one line and not at any length."""
    text = repr(name)
    return text if len(text) <= _LONGEST_ID else f"{text[:_LONGEST_ID]}…"


@dataclass(frozen=True)
class Failure:
    """One failed attempt. *said* is fit to be shown; *code* is the gateway's, CVC's `ErrorCode` or a fault's."""

    kind: type[CvcError]
    said: str
    status: int = 0
    code: str = ""
    request_id: str = ""
    hint: str = ""
    retry_after_s: float | None = None
    server_time_s: float | None = None

    def error(self, request: Request, attempts: int = 1) -> CvcError:
        """Make the error, with everything that was tried in its text."""
        text = self._text(request, attempts)
        if issubclass(self.kind, GatewayError):
            return self.kind(text, status=self.status, code=self.code, message=self.said, request_id=self.request_id)
        if issubclass(self.kind, ServiceError):
            return self.kind(text, error_code=self.code, message=self.said, request_id=self.request_id)
        return self.kind(text)

    def _text(self, request: Request, attempts: int) -> str:
        verb = "refused" if issubclass(self.kind, ServiceError) else "failed for"
        said = self.said.rstrip(" .。;；!！") or "the service gave no reason"
        details = [self._where(), f"request {self.request_id}" if self.request_id else ""]
        details.append(f"{attempts} attempts" if attempts > 1 else "")
        shown = ", ".join(filter(None, details))
        said += f" ({shown})" if shown else ""
        return f"{request.action} {verb} {request.subject}: {said}; {self._to_do(request)}"

    def _where(self) -> str:
        if issubclass(self.kind, ServiceError):
            return f"ErrorCode {self.code or 'missing'}"
        if self.kind is UnreachableError:
            return ""
        return f"HTTP {self.status}" + (f" {self.code}" if self.kind is GatewayError and self.code else "")

    def _to_do(self, request: Request) -> str:
        if self.hint:
            return self.hint
        if self.kind is UserNotFoundError:
            return "check the user id, and that the credentials are for the right account"
        if self.kind is ServiceError and request.action == "GetUser":
            return "if this means that there is no such user, add its ErrorCode to cvc:notFoundErrorCodes"
        if self.kind is ServiceError:
            return "correct what the service names and run again"
        if self.kind is AnswerError:
            return "check cvc:endpoint and any proxy, and run again"
        return hint(self.status, self.code)


# (status, code, what to do), first match wins.
HINTS: Final = (
    ("*", "Forbidden*", "attach the policy AliyunCVCFullAccess to the RAM user or role of these keys"),
    ("*", "NoPermission*", "attach the policy AliyunCVCFullAccess to the RAM user or role of these keys"),
    ("*", "InvalidAccessKeyId.Inactive", "enable this AccessKey in the RAM console, or use another one"),
    ("*", "InvalidAccessKeyId*", "check the AccessKey id: it may be deleted, mistyped or of another site"),
    (
        "*",
        "SignatureDoesNotMatch",
        "check the AccessKey secret; a gateway that takes no V3 signature needs cvc:signature hmac-sha1",
    ),
    ("*", "IncompleteSignature", "a gateway that takes no V3 signature needs cvc:signature hmac-sha1"),
    ("*", "InvalidSecurityToken.Expired", "get a new security token, with its own AccessKey id and secret"),
    ("*", "InvalidSecurityToken*", "check the security token: it belongs to one AccessKey id and secret"),
    ("*", "MissingSecurityToken", "these are temporary keys: set cvc:securityToken too"),
    ("*", "InvalidTimeStamp*", "check the clock and the time zone of this machine"),
    ("*", "SignatureNonceUsed", "run again"),
    ("*", "Throttling*", "lower cvc:maxQps or cvc:maxConcurrency, or run again later"),
    ("429", "*", "lower cvc:maxQps or cvc:maxConcurrency, or run again later"),
    ("*", "InvalidAction*", "check cvc:endpoint: this service does not know CVC's actions"),
    ("*", "InvalidVersion", "check cvc:endpoint: this service does not know CVC's version 2019-10-30"),
    ("*", "Missing*", "a proxy may have changed the request: check cvc:endpoint and HTTPS_PROXY"),
    (
        "3??",
        "*",
        "redirects are not followed: check cvc:endpoint and any proxy or sign-in page of the network",
    ),
    ("407", "*", "the proxy wants a password: check HTTPS_PROXY"),
    ("41[34]", "*", "the request is too long for a proxy in between: shorten the id, or lower cvc:batchSize"),
    (
        "5??",
        "*",
        "this is a fault of the service: run again later, and quote the request id to Alibaba Cloud",
    ),
    ("*", "", "check cvc:endpoint and any proxy in between"),
    ("*", "*", "look the code up at https://api.aliyun.com/troubleshoot, with the request id"),
)


def hint(status: int, code: str) -> str:
    """Look up what to do about an answer of the gateway."""
    return next(
        text
        for status_pattern, code_pattern, text in HINTS
        if fnmatchcase(str(status), status_pattern) and fnmatchcase(code, code_pattern)
    )
