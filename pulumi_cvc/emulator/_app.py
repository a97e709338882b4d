"""The wire: the front proxy, the gateway and the answers of the four actions, as an ASGI application."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from math import ceil
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from ._actions import MANDATORY, VERSION, Call, RefusalError, Service
from ._faults import Rule, Rules
from ._gateway import GatewayError, html_page, missing, new_request_id
from ._signatures import ACS3, HMAC_SHA1, Request, Verifier

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from ._options import Options
    from ._store import Store

MAX_URL_BYTES = 8192
"""Of the front proxy: the vendor names no number, and this is the usual one."""
MAX_BODY_BYTES = 32 << 20
_LOG_LENGTH = 200_000
_SHOWN_ACTION_LENGTH = 64
_PIECES = 10
_BATCHES = ("CreateUser", "DeleteUser")
_REASONS = {413: "Request Entity Too Large", 414: "Request-URI Too Large", 502: "Bad Gateway"}

Entry = dict[str, Any]


class _Dropped(Response):
    """No answer: the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        scope["state"]["transport"].close()
        while (await receive())["type"] != "http.disconnect":
            pass


class _Cut(Response):
    """Half an answer, whose Content-Length promises the whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["state"]["transport"].close()
        while (await receive())["type"] != "http.disconnect":
            pass


class _Slow(Response):
    """An answer that drips in over *seconds*."""

    def __init__(self, body: bytes, seconds: float, media_type: str) -> None:
        super().__init__(body, media_type=media_type)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        size = max(1, ceil(len(body) / _PIECES))
        for start in range(0, len(body), size):
            await asyncio.sleep(self._seconds / _PIECES)
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class TooLargeError(Exception):
    """The front proxy does not let the request through: 413 or 414."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class Gateway:
    """Takes every request that is not for the second door."""

    def __init__(
        self, options: Options, store: Store, clock: Callable[[], float], log: Callable[[str], None] | None
    ) -> None:
        self.options = options
        self.rules = Rules()
        self.requests: deque[Entry] = deque(maxlen=_LOG_LENGTH)
        self._clock = clock
        self._log = log
        self._verifier = Verifier(options.access_keys, clock)
        self._service = Service(store, options)
        self._let_through: deque[float] = deque(maxlen=options.qps)
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = HttpRequest(scope, receive)
        with self._logged() as entry:
            response = await self._respond(request, entry)
            response.headers["Date"] = formatdate(self._clock(), usegmt=True)
            entry["status"] = None if isinstance(response, _Dropped) else response.status_code
            await response(scope, receive, send)

    @contextmanager
    def _logged(self) -> Iterator[Entry]:
        self._in_flight += 1
        entry: Entry = {
            "timeMs": int(self._clock() * 1000),
            "requestId": new_request_id(),
            "action": None,
            "count": None,
            "userIds": [],
            "signature": None,
            "inFlight": self._in_flight,
            "fault": None,
            "status": None,
            "outcome": None,
        }
        self.requests.append(entry)
        try:
            yield entry
        except ClientDisconnect:
            entry["outcome"] = "disconnected"
        finally:
            self._in_flight -= 1
            if self._log is not None:
                action = entry["action"] if entry["action"] in MANDATORY else "-"
                self._log(f"{action} {entry['count'] or 0} {entry['outcome']}")

    async def _respond(self, http: HttpRequest, entry: Entry) -> Response:
        host = http.headers.get("host", "")
        try:
            request = await _read(http)
            await asyncio.sleep(self.options.latency_s)
            return await self._pass(request, http.scope["path"], entry)
        except TooLargeError as error:
            entry["outcome"] = str(error.status)
            return _html(error.status)
        except GatewayError as error:
            return _gateway_error(error, entry, host)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - a service answers whatever comes, and its caller has to see that it failed
            # The message is left out: it may hold values from the request.
            place = traceback.extract_tb(error.__traceback__)[-1]
            sys.stderr.write(f"cvc-emulator: {type(error).__name__} at {place.filename}:{place.lineno}\n")
            return _gateway_error(GatewayError("InternalError"), entry, host)

    async def _pass(self, request: Request, path: str, entry: Entry) -> Response:
        """Let a request through to the service, if the gateway has nothing against it."""
        parameters = request.parameters()
        call = _call(request, parameters)
        entry["action"] = call.action[:_SHOWN_ACTION_LENGTH] or None
        entry["signature"] = (ACS3 if request.is_acs3 else HMAC_SHA1).lower()
        entry["count"] = None if call.users is None else len(call.users)
        entry["userIds"] = call.user_ids
        if path != "/" or request.method not in ("GET", "POST"):
            raise GatewayError("InvalidAction.NotFound")
        _check_action(request, call.action, parameters)
        self._verifier.verify(request, parameters)
        for name in MANDATORY[call.action]:
            if not parameters.get(name):
                raise missing(name)
        self._throttle()
        rule = self.rules.take(call.action, call.user_ids)
        if rule is None:
            return self._answer(call, entry, {})
        entry["fault"] = rule.fault
        return await self._spoil(rule, call, entry)

    def _throttle(self) -> None:
        if self.options.qps is None:
            return
        now = self._clock()
        if len(self._let_through) == self.options.qps and 0 <= now - self._let_through[0] < 1:
            raise GatewayError("Throttling.User", retry_after_ms=ceil((self._let_through[0] + 1 - now) * 1000))
        self._let_through.append(now)

    def _answer(self, call: Call, entry: Entry, refused: Mapping[str, RefusalError]) -> Response:
        """Do the action and answer as the product does, refusals included."""
        try:
            extra = self._service.perform(call, refused)
        except RefusalError as error:
            return _refusal(error, entry)
        entry["outcome"] = "ok"
        answer = {
            "RequestId": entry["requestId"],
            "ErrorCode": 0,
            "Message": "successful!",
            "Success": True,
            **extra,
        }
        return json_response(answer, headers={"x-acs-request-id": entry["requestId"]})

    async def _spoil(self, rule: Rule, call: Call, entry: Entry) -> Response:
        """Answer as *rule* has it; see `Emulator.add_faults`."""
        if rule.fault == "delay":
            await asyncio.sleep(rule.seconds)
            return self._answer(call, entry, {})
        if rule.fault == "errorCode":
            refusal = RefusalError(rule.error_code, rule.message or "")
            if rule.user_id is not None and call.action in _BATCHES:
                return self._answer(call, entry, {rule.user_id: refusal})
            return _refusal(refusal, entry)
        applies = rule.applies or rule.fault in ("dropAfter", "truncated", "cut", "slow")
        answer = self._answer(call, entry, {}) if applies else None
        if rule.fault in ("throttle", "error", "expired"):
            code = "InvalidTimeStamp.Expired" if rule.fault == "expired" else rule.code
            raise GatewayError(code, rule.message, status=rule.status, retry_after_ms=rule.retry_after_ms)
        entry["outcome"] = rule.fault
        return _spoiled(rule, b"" if answer is None else bytes(answer.body))


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Give *value* as JSON, whatever half characters it holds."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, headers, media_type="application/json;charset=utf-8")


def _html(status: int) -> Response:
    return Response(html_page(status, _REASONS.get(status, "Error")), status, media_type="text/html")


def _refusal(error: RefusalError, entry: Entry) -> Response:
    entry["outcome"] = f"ErrorCode {error.error_code}"
    answer = {
        "RequestId": entry["requestId"],
        "ErrorCode": error.error_code,
        "Message": error.message,
        "Success": False,
    }
    return json_response(answer, headers={"x-acs-request-id": entry["requestId"]})


def _gateway_error(error: GatewayError, entry: Entry, host: str) -> Response:
    entry["outcome"] = error.code
    headers = {"x-acs-request-id": entry["requestId"]}
    if error.retry_after_ms is not None:
        headers["x-acs-retry-after"] = str(error.retry_after_ms)
    return json_response(error.answer(entry["requestId"], host), error.status, headers)


def _spoiled(rule: Rule, body: bytes) -> Response:
    """Give an answer of which no client can make sense; *body* is the right one, if the action was done."""
    kind = "application/json;charset=utf-8"
    answers = {
        "garbage": Response(b'{"RequestId": <<<', media_type=kind),
        "html": _html(rule.status or 502),
        "empty": Response(b"", rule.status or 200, media_type=kind),
        "truncated": Response(body[: len(body) // 2], media_type=kind),
        "cut": _Cut(body, media_type=kind),
        "slow": _Slow(body, rule.seconds, kind),
    }
    return answers.get(rule.fault, _Dropped())


async def _read(http: HttpRequest) -> Request:
    query = http.scope["query_string"]
    if len(http.scope["raw_path"]) + len(query) > MAX_URL_BYTES:
        raise TooLargeError(414)
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TooLargeError(413)
    headers: dict[str, str] = {}
    for name, value in http.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(http.method, query.decode("utf-8", "replace"), headers, bytes(body))


def _call(request: Request, parameters: Mapping[str, str]) -> Call:
    action = request.headers.get("x-acs-action", "") if request.is_acs3 else parameters.get("Action", "")
    return Call.of(action, parameters)


def _check_action(request: Request, action: str, parameters: Mapping[str, str]) -> None:
    version = request.headers.get("x-acs-version", "") if request.is_acs3 else parameters.get("Version", "")
    if not action:
        raise missing("x-acs-action" if request.is_acs3 else "Action")
    if not version:
        raise missing("x-acs-version" if request.is_acs3 else "Version")
    if version != VERSION:
        raise GatewayError("InvalidVersion")
    if action not in MANDATORY:
        raise GatewayError("InvalidAction.NotFound")
