"""The second door, under ``/_emulator/``, without signatures: what is held, what arrived, faults."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response
from starlette.routing import Route

from ._actions import VERSION, user_problem
from ._app import Gateway, json_response
from ._store import OPTIONAL_FIELDS, REQUIRED_FIELDS

if TYPE_CHECKING:
    from starlette.requests import Request

    from ._store import Store

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE | re.ASCII)

_TEXT = (str, "a text")
_TIME = (int, "a number of milliseconds")
_USER_FIELDS = {
    **dict.fromkeys((*REQUIRED_FIELDS, *OPTIONAL_FIELDS, "jobName"), _TEXT),
    "createTime": _TIME,
}
_MEETING_FIELDS = {
    "meetingName": _TEXT,
    "meetingCode": _TEXT,
    "createTime": _TIME,
    "userId": _TEXT,
    "userName": _TEXT,
    "memo": _TEXT,
    "memberInfos": (list, "a list"),
}
_MEMBER_FIELDS = {
    "memberUUID": _TEXT,
    "userId": _TEXT,
    "userName": _TEXT,
    "status": _TEXT,
    "beginTime": _TIME,
    "endTime": _TIME,
}
_DOORS = (
    *("GET and DELETE users", "GET, PUT and DELETE users/{userId}", "PUT meetings/{uuid}", "GET and DELETE requests"),
    "GET, POST and DELETE faults",
)
_Fields = dict[str, tuple[type, str]]


class _AnyConvertor(Convertor[str]):
    """The rest of the path, with line breaks: a user id may hold anything."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("cvc_any", _AnyConvertor())


def application(gateway: Gateway, store: Store) -> Starlette:
    """Give the whole service: *gateway*, and the second door beside it."""
    admin = _Admin(gateway, store)
    routes = [
        Route("/_emulator/", _guarded(admin.index)),
        Route("/_emulator/users", _guarded(admin.users), methods=["GET", "DELETE"]),
        Route("/_emulator/users/{id:cvc_any}", _guarded(admin.user), methods=["GET", "PUT", "DELETE"]),
        Route("/_emulator/meetings/{id:cvc_any}", _guarded(admin.meeting), methods=["PUT"]),
        Route("/_emulator/requests", _guarded(admin.requests), methods=["GET", "DELETE"]),
        Route("/_emulator/faults", _guarded(admin.faults), methods=["GET", "POST", "DELETE"]),
        Route(
            "/_emulator{rest:cvc_any}",
            _guarded(admin.nothing),
            methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        ),
        Route("/{rest:cvc_any}", gateway),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return app


def _guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Keep out web pages: those whose name was made to point here, and those that post from elsewhere."""

    async def guarded(request: Request) -> Response:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin")
        if not _LOOPBACK.fullmatch(host) or (origin is not None and urlsplit(origin).netloc != host):
            return _error(403, "this door opens only for programs on this machine")
        try:
            return await endpoint(request)
        except ValueError as error:
            return _error(400, str(error))

    return guarded


class _Admin:
    def __init__(self, gateway: Gateway, store: Store) -> None:
        self._gateway = gateway
        self._store = store

    async def index(self, _: Request) -> Response:
        options = self._gateway.options
        shown = {name: value for name, value in vars(options).items() if name not in ("access_keys", "database")}
        return json_response(
            {
                "service": "aliyuncvc",
                "version": VERSION,
                "users": self._store.count(),
                "requests": len(self._gateway.requests),
                "faults": len(self._gateway.rules.show()),
                "options": shown,
            }
        )

    async def users(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._store.clear()
            return Response(status_code=204)
        return json_response(list(self._store.users()))

    async def user(self, request: Request) -> Response:
        user_id = request.path_params["id"]
        if not user_id:
            raise ValueError("the user id is empty")
        if request.method == "PUT":
            return json_response(self._store.put(_user(await _body(request), user_id)))
        if request.method == "DELETE":
            return Response(status_code=204) if self._store.remove(user_id) else _error(404, "no such user")
        user = self._store.latest(user_id)
        return _error(404, "no such user") if user is None else json_response(user)

    async def meeting(self, request: Request) -> Response:
        uuid = request.path_params["id"]
        if not uuid:
            raise ValueError("the meeting's uuid is empty")
        meeting = _fields("the meeting", await _body(request), _MEETING_FIELDS)
        for member in meeting.get("memberInfos", []):
            _fields("a member", member, _MEMBER_FIELDS)
        self._store.put_meeting(uuid, meeting)
        return json_response(meeting)

    async def requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._gateway.requests.clear()
            return Response(status_code=204)
        return json_response(list(self._gateway.requests))

    async def faults(self, request: Request) -> Response:
        rules = self._gateway.rules
        if request.method == "DELETE":
            rules.clear()
            return Response(status_code=204)
        if request.method == "POST":
            rules.add(await _body(request))
        return json_response(rules.show())

    async def nothing(self, _: Request) -> Response:
        return _error(404, f"there is nothing here but {', '.join(_DOORS)}")


def _error(status: int, message: str) -> Response:
    return json_response({"error": message}, status)


async def _body(request: Request) -> object:
    try:
        value: object = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None
    return value


def _user(value: object, user_id: str) -> dict[str, Any]:
    user = _fields("the user", value, _USER_FIELDS)
    if user.setdefault("userId", user_id) != user_id:
        raise ValueError("the user's userId is not the one in the path")
    if problem := user_problem(user):
        raise ValueError(f"the user's {problem}")
    return user


def _fields(what: str, value: object, fields: _Fields) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object")  # noqa: TRY004 - for the caller all mistakes are of one kind
    for name, field in value.items():
        if name not in fields:
            raise ValueError(f"{what} has an unknown field; the fields are {', '.join(fields)}")
        kind, needed = fields[name]
        if not isinstance(field, kind) or isinstance(field, bool):
            raise ValueError(f"{what}: {name} must be {needed}")  # noqa: TRY004 - as above
    return dict(value)
