"""The four actions: parameters in, the product's part of the answer out.

Codes and messages of refusals are guesses, since the vendor publishes none: only ``Success`` false and
``ErrorCode`` not 0 mean something, and ``用户不存在`` is what such a service says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._options import MeetingForm, Options
from ._store import OPTIONAL_FIELDS, REQUIRED_FIELDS, Record, Store

VERSION = "2019-10-30"

MANDATORY = {
    "CreateUser": ("Count", "UserInfo"),
    "DeleteUser": ("Count", "UserInfo"),
    "GetUser": ("UserId",),
    "ListMembers": ("MeetingUUID",),
}
"""Action: the parameters that it cannot do without."""

# Guesses, all of them.
_BAD_USER_INFO = 4000
_BAD_COUNT = 4001
_TOO_MANY = 4002
_BAD_USER = 4003
_NO_USER = 4004
_NO_MEETING = 4005


class RefusalError(Exception):
    """``Success`` false in an answer with HTTP status 200."""

    def __init__(self, error_code: int, message: str) -> None:
        self.error_code = error_code
        self.message = message
        super().__init__(error_code)


@dataclass(frozen=True)
class Call:
    """An action with its parameters; *users* is what ``UserInfo`` holds, None unless it is a JSON array."""

    action: str
    parameters: Mapping[str, str]
    users: Sequence[Any] | None

    @classmethod
    def of(cls, action: str, parameters: Mapping[str, str]) -> Call:
        """Read *parameters*, whatever they are."""
        if action == "GetUser":
            return cls(action, parameters, [{"userId": parameters.get("UserId", "")}])
        return cls(action, parameters, _json_array(parameters.get("UserInfo", "")))

    @property
    def user_ids(self) -> list[str]:
        """The ids that the request names."""
        ids = (user.get("userId") for user in self.users or () if isinstance(user, dict))
        return [user_id for user_id in ids if isinstance(user_id, str)]


class Service:
    """The product behind the gateway."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self._actions: dict[str, Callable[[Call, Mapping[str, RefusalError]], dict[str, Any]]] = {
            "CreateUser": self._create_user,
            "DeleteUser": self._delete_user,
            "GetUser": self._get_user,
            "ListMembers": self._list_members,
        }

    def perform(self, call: Call, refused: Mapping[str, RefusalError]) -> dict[str, Any]:
        """Do it and give what the answer holds beside what every answer holds.

        Users in *refused*, by id, are bad ones of their batch. Raises RefusalError.
        """
        return self._actions[call.action](call, refused)

    def _create_user(self, call: Call, refused: Mapping[str, RefusalError]) -> dict[str, Any]:
        def write(users: list[Any]) -> None:
            self._store.upsert(users, merge=self._options.upsert == "merge", empty_clears=self._options.empty_clears)

        return self._batch(call, refused, user_problem, write)

    def _delete_user(self, call: Call, refused: Mapping[str, RefusalError]) -> dict[str, Any]:
        def problem(user: object) -> str | RefusalError | None:
            bad = _text_problem(user, ("userId",))
            if bad is None and self._options.delete_missing == "error" and isinstance(user, dict):
                return None if self._store.latest(user["userId"]) else _no_user()
            return bad

        def write(users: list[Any]) -> None:
            self._store.delete(user["userId"] for user in users)

        return self._batch(call, refused, problem, write)

    def _batch(
        self,
        call: Call,
        refused: Mapping[str, RefusalError],
        problem: Callable[[object], str | RefusalError | None],
        write: Callable[[list[Any]], None],
    ) -> dict[str, Any]:
        good: list[Any] = []
        refusals: list[RefusalError] = []
        for user in self._users(call):
            found = problem(user)
            if found is None:
                found = refused.get(user["userId"])
            if isinstance(found, str):
                # Which user it was is not said: the document has no result for a single one.
                found = RefusalError(_BAD_USER, f"用户信息不正确: {found}")
            if found is None:
                good.append(user)
            else:
                refusals.append(found)
        if not refusals or self._options.bad_batch == "part":
            write(good)
        if refusals:
            raise refusals[0]
        return {}

    def _users(self, call: Call) -> Sequence[Any]:
        if call.users is None:
            raise RefusalError(_BAD_USER_INFO, "UserInfo 不是 JSON 数组")
        count = call.parameters["Count"]
        if not re.fullmatch(r"\d{1,9}", count, re.ASCII) or int(count) != len(call.users):
            raise RefusalError(_BAD_COUNT, "Count 与 UserInfo 中的用户数不一致")
        if not call.users:
            raise RefusalError(_BAD_COUNT, "UserInfo 中没有用户")
        if self._options.max_count is not None and len(call.users) > self._options.max_count:
            raise RefusalError(_TOO_MANY, f"Count 不能超过 {self._options.max_count}")
        return call.users

    def _get_user(self, call: Call, _: Mapping[str, RefusalError]) -> dict[str, Any]:
        user = self._store.visible(call.parameters["UserId"])
        if user is not None:
            return {"UserInfo": _pascal_case(user)}
        if self._options.missing_user == "error":
            raise _no_user()
        return {"UserInfo": None if self._options.missing_user == "null" else {}}

    def _list_members(self, call: Call, _: Mapping[str, RefusalError]) -> dict[str, Any]:
        uuid = call.parameters["MeetingUUID"]
        meeting = self._store.meeting(uuid)
        if meeting is None:
            raise RefusalError(_NO_MEETING, "会议不存在")
        return {"MeetingInfo": _meeting_info({**meeting, "meetingUUID": uuid}, self._options.meeting_form)}


def user_problem(user: object) -> str | None:
    """Say in a few words what is wrong with a user of CreateUser, without its values; None if nothing is."""
    problem = _text_problem(user, REQUIRED_FIELDS)
    if problem is None and isinstance(user, dict):
        given = [name for name in OPTIONAL_FIELDS if user.get(name) is not None]
        problem = next((f"{name} is not a text" for name in given if not _is_text(user[name])), None)
    return problem


def _text_problem(user: object, names: Sequence[str]) -> str | None:
    if not isinstance(user, dict):
        return "not an object"
    return next(
        (f"{name} is empty or not a text" for name in names if not user.get(name) or not _is_text(user[name])),
        None,
    )


def _is_text(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(value.encode("utf-8") or True)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write and UTF-8 cannot
        return False


def _no_user() -> RefusalError:
    return RefusalError(_NO_USER, "用户不存在")


def _json_array(text: str) -> Sequence[Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _pascal_case(record: Record) -> Record:
    return {name[:1].upper() + name[1:]: value for name, value in record.items()}


def _meeting_info(meeting: Record, form: MeetingForm) -> Record:
    """Give ``MeetingInfo`` in one of the forms between which the document cannot decide."""
    info = _pascal_case(meeting)
    members = [_pascal_case(member) for member in info.pop("MemberInfos", [])]
    code = info.get("MeetingCode")
    if form == "sample" and isinstance(code, str) and re.fullmatch(r"\d{1,18}", code, re.ASCII):
        info["MeetingCode"] = int(code)
    if form == "table":
        members = [
            {name: str(value) if name in ("BeginTime", "EndTime") else value for name, value in member.items()}
            for member in members
        ]
    if "CreateTime" in info:
        info[{"current": "CreateTime", "table": "CreateDate", "sample": "CreateCreate"}[form]] = info.pop("CreateTime")
    info["MemberList" if form == "sample" else "MemberInfos"] = members
    return info
