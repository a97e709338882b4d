"""The emulator as an object."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, cast
from urllib.parse import quote

from ._options import Options
from ._store import Store

_TIMEOUT_S = 60
_BACKLOG = 2048


class Emulator:
    """A CVC service on ``127.0.0.1``, run by a thread of this process until `close` or the end of ``with``.

    *port* 0 takes a free one. *clock* gives seconds since the epoch. *log* gets a line for every request:
    action, number of users, outcome; no ids, names or numbers. *options* are the fields of `Options`, such as
    ``upsert="replace"``. Starting raises ValueError for an option that makes no sense, ImportError without the extra
    ``emulator``, OSError if the port is taken and sqlite3.Error if the database cannot be used.

    The methods use the second door, which any HTTP client on this machine can: ``GET {url}/_emulator/`` and,
    beneath it, ``users``, ``users/{userId}``, ``meetings/{uuid}``, ``requests`` and ``faults``. They raise
    ValueError with the door's own words.
    """

    url: str
    """``http://127.0.0.1:<port>``, without a slash at the end."""
    port: int

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        log: Callable[[str], None] | None = None,
        **options: Any,
    ) -> None:
        try:
            from ._admin import application  # noqa: PLC0415 - needs the extra
            from ._app import Gateway  # noqa: PLC0415
            from ._server import server  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ImportError("the emulator needs starlette and uvicorn: pip install 'pulumi-cvc[emulator]'") from error
        chosen = Options(**options)

        def service_clock() -> float:
            return clock() + chosen.clock_offset_s

        listener = _listen(port)
        try:
            self._store = Store(chosen.database or ":memory:", service_clock, chosen.read_delay_s)
        except BaseException:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = server(application(Gateway(chosen, self._store, service_clock, log), self._store))
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name=f"cvc-emulator-{self.port}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End the service; what is in flight has a second to finish. More than once does no harm."""
        self._server.should_exit = True
        self._thread.join()
        self._store.close()

    def __enter__(self) -> Emulator:  # noqa: PYI034 - Self is not in Python 3.10
        """Give the running emulator."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def users(self) -> list[dict[str, Any]]:
        """Give every user as last written, by id: request names, and ``createTime`` in ms."""
        return cast("list[dict[str, Any]]", self._ask("GET", "users"))

    def user(self, user_id: str) -> dict[str, Any] | None:
        """Give one user as last written, or None."""
        user = self._ask("GET", f"users/{_quoted(user_id)}", none_on_404=True)
        return cast("dict[str, Any] | None", user)

    def put_user(self, user: Mapping[str, Any]) -> dict[str, Any]:
        """Put *user*, a whole record with its ``userId``, in place of what is there, visible at once."""
        put = self._ask("PUT", f"users/{_quoted(user['userId'])}", dict(user))
        return cast("dict[str, Any]", put)

    def delete_user(self, user_id: str) -> None:
        """Delete a user, visible at once; ValueError if there is none."""
        self._ask("DELETE", f"users/{_quoted(user_id)}")

    def clear_users(self) -> None:
        """Delete all users."""
        self._ask("DELETE", "users")

    def put_meeting(self, uuid: str, meeting: Mapping[str, Any]) -> None:
        """Put *meeting* in place of the one with this uuid.

        It may have ``meetingName``, ``meetingCode``, ``createTime``, ``userId``, ``userName``, ``memo`` and
        ``memberInfos``, a list of ``memberUUID``, ``userId``, ``userName``, ``status``, ``beginTime`` and
        ``endTime``. Times are ms since the epoch, everything else is text; nothing is mandatory.
        """
        self._ask("PUT", f"meetings/{_quoted(uuid)}", dict(meeting))

    def requests(self) -> list[dict[str, Any]]:
        """Give what arrived, oldest first (the last 200,000).

        Each has ``timeMs``, ``requestId``, ``action`` (None if unreadable), ``count`` (users named, None if
        unreadable), ``userIds``, ``signature`` (``acs3-hmac-sha256`` or ``hmac-sha1``), ``inFlight``
        (requests under way when it arrived, itself included), ``fault`` (the fault that it met, or None),
        ``status`` (HTTP; None if there was no answer) and ``outcome``: ``ok``, a gateway's code such as
        ``Throttling.User``, ``ErrorCode 4004``, the name of the fault that took the place of the answer,
        ``413`` or ``414`` of the front proxy, ``disconnected``, or None as long as it is under way.
        """
        return cast("list[dict[str, Any]]", self._ask("GET", "requests"))

    def clear_requests(self) -> None:
        """Forget what arrived."""
        self._ask("DELETE", "requests")

    def add_faults(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Add rules, such as ``{"action": "GetUser", "fault": "throttle", "times": 3, "retryAfterMs": 20}``.

        Each has ``fault`` and may have ``action`` (``*``), ``userId`` (only requests that name this user),
        ``after`` (0: how many to let pass first) and ``times`` (1: how many to spoil, None for all). The
        faults and their own fields:

        - ``throttle``: ``code`` (``Throttling.User``), ``status`` (400), ``retryAfterMs``
        - ``error``: ``code`` of the gateway, and its ``status`` and ``message`` (those of the vendor's
          table), ``applies``
        - ``errorCode``: ``Success`` false with ``errorCode`` and ``message``; with ``userId``, that user is a
          bad one of the batch
        - ``expired``: ``InvalidTimeStamp.Expired``
        - ``dropBefore``, ``dropAfter``: no answer, before or after the action is done
        - ``delay``: ``seconds`` until the action is done, even if the client has gone by then, and answered
        - ``slow``: ``seconds`` for which the answer drips in
        - ``garbage`` (200, no JSON), ``html`` (``status`` 502), ``empty`` (``status`` 200), each with
          ``applies``
        - ``truncated``: half of the JSON; ``cut``: the connection ends half-way through the answer

        ``applies`` true (false) does the action all the same. Only requests that pass the gateway meet a
        rule. The first rule that fires decides; those after it do not count the request.
        """
        self._ask("POST", "faults", [dict(rule) for rule in rules])

    def faults(self) -> list[dict[str, Any]]:
        """Give the rules, each with ``fired``, the number of requests that it spoiled."""
        return cast("list[dict[str, Any]]", self._ask("GET", "faults"))

    def clear_faults(self) -> None:
        """Forget all rules."""
        self._ask("DELETE", "faults")

    def _ask(self, method: str, path: str, body: object = None, *, none_on_404: bool = False) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        try:
            connection.request(method, f"/_emulator/{path}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read() or b"null")
        finally:
            connection.close()
        if response.status == http.client.NOT_FOUND and none_on_404:
            return None
        if response.status >= http.client.BAD_REQUEST:
            raise ValueError(answer["error"])
        return cast("object", answer)


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _listen(port: int) -> socket.socket:
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # named, or asyncio leaves TCP_NODELAY off
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        # From here on clients can connect; they wait until the thread is ready.
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
