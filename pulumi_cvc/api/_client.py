"""The client: four actions, each one call, repeated where that helps."""

from __future__ import annotations

import json
import logging
import random as random_module
import re
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_cvc.api import _retry
from pulumi_cvc.api._answers import JsonObject, ShapeError, judge, read_meeting, read_request_id, read_user
from pulumi_cvc.api._endpoint import DEFAULT_ENDPOINT, parse_endpoint
from pulumi_cvc.api._failure import Failure, Request, quoted
from pulumi_cvc.api._fields import USER_FIELDS, Meeting, UserInfo, UserRecord
from pulumi_cvc.api._pacing import Pacer
from pulumi_cvc.api._redaction import Redactor
from pulumi_cvc.api._retry import Again
from pulumi_cvc.api._signing import HMAC_SHA1, SIGNERS, Call
from pulumi_cvc.api._transport import Fault, Transport, hide_queries_in_logs
from pulumi_cvc.api.errors import (
    AnswerError,
    ConfigurationError,
    RequestError,
    ServiceError,
    UnreachableError,
    UserNotFoundError,
)

if TYPE_CHECKING:
    from types import TracebackType

    import requests

    from pulumi_cvc.api._credentials import CredentialsProvider

_log = logging.getLogger("pulumi_cvc")
_T = TypeVar("_T")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Sockets take no time-out that is much longer.
_MOST = 1e9


class Client:
    """Calls CVC; threads may share one client, and it is a context manager that closes its connections.

    Tried again, up to *max_attempts* times in all, with exponential backoff, full jitter, a fresh nonce and time
    stamp: connection faults, time-outs, damaged answers, 5xx, throttling, a used nonce. What the server asks to wait
    is waited, up to a minute. Throttling slows all threads down for a while. An expired time stamp is corrected by
    the server's clock, once for each call and not counted. Nothing else is tried again.

    *credentials* is asked for every attempt. *endpoint* and *signature* (``acs3-hmac-sha256`` or ``hmac-sha1``) are
    checked here; *region_id* is sent with HMAC-SHA1 only. *timeout_s* is how long one attempt waits for the connection
    and the answer, and for each further part of an answer that drips in. *max_connections* is how many calls can be
    under way at a time, *max_qps* how many may start in a second. *not_found_error_codes* are those values of
    `ErrorCode` that mean "no such user". *on_throttle* is called, by the thread that was throttled, with the seconds to
    wait before the call is tried again. A *session* that is handed in is used as it is and not closed. *clock* gives
    seconds since the epoch; *monotonic* times the pacing, so that a clock that is set meanwhile does no harm.

    Raises `ConfigurationError`; every action raises other subclasses of `CvcError`.
    """

    def __init__(  # noqa: PLR0913  all but the first are options by name
        self,
        credentials: CredentialsProvider,
        *,
        endpoint: str = DEFAULT_ENDPOINT,
        region_id: str = "cn-hangzhou",
        signature: str = "acs3-hmac-sha256",
        max_attempts: int = 5,
        timeout_s: float = 30.0,
        max_connections: int = 128,
        max_qps: float | None = None,
        not_found_error_codes: Collection[int | str] = (),
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
        random: Callable[[], float] = random_module.random,
        on_throttle: Callable[[float], None] | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self._endpoint = parse_endpoint(endpoint)
        _check_limits(max_attempts=max_attempts, timeout_s=timeout_s, max_connections=max_connections, max_qps=max_qps)
        if signature not in SIGNERS:
            raise ConfigurationError(f"the signature must be one of {', '.join(SIGNERS)}")
        if signature == HMAC_SHA1:
            hide_queries_in_logs()
        self._sign = SIGNERS[signature]
        self._credentials = credentials
        self._region_id = region_id
        self._max_attempts = max_attempts
        self._not_found_error_codes = _error_codes(not_found_error_codes)
        self._clock = _Clock(clock)
        self._sleep = sleep
        self._nonce = nonce
        self._random = random
        self._on_throttle = on_throttle
        self._pacer = Pacer(max_qps, monotonic, sleep)
        self._transport = Transport(
            self._endpoint, timeout_s=timeout_s, max_connections=max_connections, session=session
        )

    def create_users(self, users: Sequence[UserInfo]) -> None:
        """Create or update users with one CreateUser call, for all of which there is one answer; none for no users.

        Only the fields in `USER_FIELDS` are sent, so that a `UserRecord` may be handed in.
        """
        if users:
            records = [{str(name): user[name] for name in USER_FIELDS if name in user} for user in users]
            self._call(_write("CreateUser", records))

    def delete_users(self, user_ids: Sequence[str]) -> None:
        """Delete users with one DeleteUser call; none for no users.

        Whether CVC refuses when one of them does not exist is not known.
        """
        if user_ids:
            self._call(_write("DeleteUser", [{"userId": user_id} for user_id in user_ids]))

    def get_user(self, user_id: str) -> UserRecord | None:
        """Give what CVC knows of a user; None only on proof that there is no such user.

        Proof is a success without a user, a refusal whose message says so, or one with an `ErrorCode` of those in
        *not_found_error_codes*.
        """
        _check("GetUser", {"userId": user_id}, "userId")
        request = Request("GetUser", query={"UserId": user_id}, user_ids=(user_id,))
        try:
            body = self._call(request)
        except UserNotFoundError:
            return None
        return _read(read_user, request, body, user_id)

    def list_members(self, meeting_uuid: str) -> Meeting:
        """Give a meeting and one record for every join (ListMembers)."""
        _check("ListMembers", {"meetingUUID": meeting_uuid}, "meetingUUID")
        request = Request("ListMembers", query={"MeetingUUID": meeting_uuid}, meeting_uuid=meeting_uuid)
        return _read(read_meeting, request, self._call(request), meeting_uuid)

    @property
    def throttled(self) -> int:
        """How many answers so far were throttling."""
        return self._pacer.throttled

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Client:  # noqa: PYI034  Self is not in Python 3.10
        """Give the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def _call(self, request: Request) -> JsonObject:
        """Repeat attempts until one succeeds or must not be repeated; errors are raised here, with no context."""
        attempt, corrected = 1, False
        while True:
            ticket = self._pacer.wait()
            result = self._attempt(request, attempt)
            # A refusal by CVC itself, "no such user" above all, shows as well as a success that calls get through.
            if not isinstance(result, Failure) or issubclass(result.kind, ServiceError):
                self._pacer.succeeded()
            if not isinstance(result, Failure):
                return result
            again = _retry.again(result.status, result.code)
            if again is Again.CORRECT_CLOCK and not corrected and self._clock.correct(result.server_time_s):
                corrected = True
                continue
            pause_s = _retry.pause_s(attempt, result.retry_after_s, self._random)
            if again is Again.SLOW_DOWN:
                self._pacer.slow_down(ticket, pause_s if result.retry_after_s else 0.0)
            if again in {Again.NO, Again.CORRECT_CLOCK} or attempt >= self._max_attempts:
                raise result.error(request, attempt)
            if again is Again.SLOW_DOWN and self._on_throttle is not None:
                self._on_throttle(pause_s)
            self._sleep(pause_s)
            attempt += 1

    def _attempt(self, request: Request, attempt: int) -> JsonObject | Failure:
        credentials = self._credentials.get_credentials()
        call = Call(self._endpoint.host, self._region_id, request.action, request.query, request.form)
        signed = self._sign(call, credentials, self._clock.timestamp(), self._nonce())
        answer = self._transport.send(signed)
        if isinstance(answer, Fault):
            failure = Failure(UnreachableError, answer.said, code=answer.code, hint=answer.hint)
            return self._logged(request, attempt, failure)
        secrets = {credentials.access_key_id, credentials.access_key_secret, credentials.security_token}
        redact = Redactor({*request.private, *secrets, signed.signature}, request.user_ids)
        return self._logged(request, attempt, judge(request, answer, redact, self._not_found_error_codes))

    def _logged(self, request: Request, attempt: int, result: JsonObject | Failure) -> JsonObject | Failure:
        if isinstance(result, Failure):
            status, code, request_id = result.status, result.code, result.request_id
        else:
            status, code, request_id = 200, "ok", read_request_id(result, {})
        values = (request.action, len(request.user_ids), attempt, status, code, request_id)
        _log.debug("%s of %d users, attempt %d: status %d, code %s, request %s", *values)
        return result


class _Clock:
    """The machine's clock, put right by the server's when that differs too much."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._offset_s = 0.0
        self._lock = threading.Lock()

    def timestamp(self) -> str:
        with self._lock:
            now = self._clock() + self._offset_s
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))

    def correct(self, server_time_s: float | None) -> bool:
        """Take over the server's time; False when it did not say."""
        if server_time_s is None:
            return False
        with self._lock:
            self._offset_s = server_time_s - self._clock()
        return True


def _write(action: str, records: Sequence[Mapping[str, Any]]) -> Request:
    """Make a write; all of it is in the body, since front proxies refuse long URLs and log them."""
    for record in records:
        _check(action, record, "userId")
    info = json.dumps(records, ensure_ascii=False, separators=(",", ":"))
    return Request(
        action,
        form={"Count": str(len(records)), "UserInfo": info},
        user_ids=tuple(record["userId"] for record in records),
        private=frozenset(value for record in records for value in record.values()),
    )


def _check(action: str, record: Mapping[str, Any], identity: str) -> None:
    """Refuse what cannot be sent, and an empty id, whose answer could pass for proof that a user is gone."""
    who = f"{identity} {quoted(str(record.get(identity)))}"
    for name, value in record.items():
        if not isinstance(value, str):
            raise RequestError(f"{action} was not sent for {who}: {name} must be text; correct the program")
        if _SURROGATE.search(value):
            raise RequestError(
                f"{action} was not sent for {who}: {name} holds half of a surrogate pair, which UTF-8 cannot encode; "
                "correct the file or program that it comes from"
            )
    if not record.get(identity, "").strip():
        raise RequestError(f"{action} was not sent: {identity} is empty; give every record its id")


def _read(read: Callable[[JsonObject, str], _T], request: Request, body: JsonObject, identity: str) -> _T:
    try:
        return read(body, identity)
    except ShapeError as error:
        failure = Failure(AnswerError, str(error), 200, "shape", read_request_id(body, {}))
    raise failure.error(request)


def _check_limits(**limits: float | None) -> None:
    for name, value in limits.items():
        if value is not None and not 0 < value <= _MOST:
            raise ConfigurationError(f"{name} must be greater than 0, and at most {_MOST:g}")


def _error_codes(codes: Collection[int | str]) -> frozenset[str]:
    texts = frozenset(str(code).strip() for code in codes)
    if texts & {"", "0"}:
        raise ConfigurationError("not_found_error_codes must not hold 0, which means success, nor an empty code")
    return texts
