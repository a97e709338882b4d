"""Reads answers: whatever comes is a value or a `Failure`, never another exception."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

from pulumi_cvc.api._failure import Failure, Request
from pulumi_cvc.api._fields import USER_FIELDS, Meeting, Member, UserRecord, answer_key
from pulumi_cvc.api._not_found import says_user_not_found
from pulumi_cvc.api._transport import Answer
from pulumi_cvc.api.errors import AnswerError, GatewayError, ServiceError, UserNotFoundError

JsonObject = dict[str, Any]

# Narrow enough that neither a phone number nor an e-mail address passes for one of them.
_CODE = re.compile(r"-?[0-9]{1,10}|[A-Za-z][\w.:-]{0,79}", re.ASCII)
_REQUEST_ID = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z-]{1,64}", re.ASCII)
_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
_DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class ShapeError(Exception):
    """An answer is of another shape; the text names keys, never values."""


def judge(
    request: Request, answer: Answer, redact: Callable[[str], str], not_found_error_codes: Collection[str]
) -> JsonObject | Failure:
    """Give the answer's JSON object when the service says that it succeeded."""
    body = _decode(answer.body)
    request_id = read_request_id(body, answer.headers)
    if not 200 <= answer.status < 300:  # noqa: PLR2004
        return _gateway_failure(body, answer, redact, request_id)
    if isinstance(body, str):
        # As if the connection had broken: the action may be repeated, and the next answer is most likely whole.
        return Failure(AnswerError, f"the answer is {body}", answer.status, "damaged", request_id)
    try:
        succeeded, code = _outcome(body)
    except ShapeError as error:
        return Failure(AnswerError, str(error), answer.status, "shape", request_id)
    if succeeded:
        return body
    message = to_text(body.get("Message"))
    is_about_users = bool(request.user_ids)
    not_found = code in not_found_error_codes or says_user_not_found(message, request.user_ids)
    kind = UserNotFoundError if is_about_users and not_found else ServiceError
    return Failure(kind, redact(message), answer.status, code, request_id)


def _gateway_failure(body: JsonObject | str, answer: Answer, redact: Callable[[str], str], request_id: str) -> Failure:
    if isinstance(body, str):
        code, said = "", f"the answer is {body}, not one of CVC's"
    else:
        code = _code(body.get("Code")) or _code(body.get("ErrorCode"))
        said = redact(to_text(body.get("Message")))
    return Failure(
        GatewayError,
        said,
        answer.status,
        code,
        request_id,
        retry_after_s=retry_after_s(answer.headers),
        server_time_s=_date_s(answer.headers.get("Date")),
    )


def _decode(body: bytes) -> JsonObject | str:
    """Give the JSON object, or what is there instead."""
    if not body.strip():
        return "empty"
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "HTML" if body.lstrip()[:1] == b"<" else "not JSON"
    return value if isinstance(value, dict) else "JSON, but no object"


def _outcome(body: JsonObject) -> tuple[bool, str]:
    """Give (succeeded, `ErrorCode` as text).

    The document says `Success` bool and `ErrorCode` int; both are also taken as text, and either may be missing.
    """
    success, code = _flag(body.get("Success")), _code(body.get("ErrorCode"))
    if success is None:
        if not code:
            raise ShapeError("the answer says neither Success nor ErrorCode")
        success = code == "0"
    if success and code not in {"", "0"}:
        raise ShapeError(f"the answer contradicts itself: Success is true, but ErrorCode is {code}")
    return success, code


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    flag = {"true": True, "false": False}.get(str(value).strip().lower())
    if flag is None:
        raise ShapeError("the answer's Success is neither true nor false")
    return flag


def _code(value: object) -> str:
    if value is None or value == "":
        return ""
    text = to_text(value).strip()
    return text if _CODE.fullmatch(text) else "unreadable"


def read_request_id(body: JsonObject | str, headers: Mapping[str, str]) -> str:
    """Give the request id, or ``""``."""
    found = body.get("RequestId") if isinstance(body, dict) else None
    text = to_text(found or headers.get("x-acs-request-id")).strip()
    return text if _REQUEST_ID.fullmatch(text) else ""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Give the seconds to wait that the server asks for: `x-acs-retry-after` is in ms [official SDKs]."""
    for name, unit_s in (("x-acs-retry-after", 0.001), ("Retry-After", 1.0)):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
            return int(text) * unit_s
    return None


def _date_s(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def read_user(body: JsonObject, user_id: str) -> UserRecord | None:
    """Read GetUser's answer; None when it succeeded without a user. Raises `ShapeError`."""
    info = body.get("UserInfo")
    if info in _NOTHING:
        return None
    if not isinstance(info, dict):
        raise ShapeError("the answer's UserInfo is not an object")
    if all(value in (*_NOTHING, 0) for value in info.values()):
        return None
    fields = {name: _field(info, answer_key(name)) for name in USER_FIELDS}
    if fields["userId"] not in {"", user_id}:
        raise ShapeError("the answer shows another user than was asked for")
    if not any(value for name, value in fields.items() if name != "userId"):
        raise ShapeError("the answer's UserInfo is neither empty nor a user")
    record = cast("UserRecord", fields | {"userId": user_id, "jobName": _field(info, "JobName")})
    create_time = _time_ms(info.get("CreateTime"))
    if create_time is not None:
        record["createTime"] = create_time
    return record


def read_meeting(body: JsonObject, meeting_uuid: str) -> Meeting:
    """Read ListMembers' answer, in every form that the document and the SDKs show. Raises `ShapeError`."""
    info = body.get("MeetingInfo")
    if not isinstance(info, dict) or not info:
        raise ShapeError("the answer has no MeetingInfo")
    return {
        "meetingUUID": _field(info, "MeetingUUID") or meeting_uuid,
        "meetingName": _field(info, "MeetingName"),
        "meetingCode": _field(info, "MeetingCode"),
        "createTime": _time_ms(_first(info, "CreateTime", "CreateDate", "CreateCreate")),
        "userId": _field(info, "UserId"),
        "userName": _field(info, "UserName"),
        "memo": _field(info, "Memo"),
        "memberInfos": [_member(member) for member in _members(info)],
    }


def _members(info: JsonObject) -> list[Any]:
    members = _first(info, "MemberInfos", "MemberList")
    if members in _NOTHING:
        return []
    if not isinstance(members, list):
        raise ShapeError("the answer's MemberInfos is not a list")
    return members


def _member(member: object) -> Member:
    if not isinstance(member, dict):
        raise ShapeError("the answer's MemberInfos holds something else than objects")
    return {
        "memberUUID": _field(member, "MemberUUID"),
        "userId": _field(member, "UserId"),
        "userName": _field(member, "UserName"),
        "status": _field(member, "Status"),
        "beginTime": _time_ms(member.get("BeginTime")),
        "endTime": _time_ms(member.get("EndTime")),
    }


def _first(info: JsonObject, *keys: str) -> object:
    return next((info[key] for key in keys if info.get(key) is not None), None)


def _field(info: JsonObject, key: str) -> str:
    value = info.get(key)
    if isinstance(value, (dict, list, bool)):
        raise ShapeError(f"the answer's {key} is neither text nor a number")
    return to_text(value)


def to_text(value: object) -> str:
    """Make text of what JSON holds: 88.0 is ``"88"``, half a surrogate pair ``?``; what is no scalar ``""``."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _time_ms(value: object) -> int | None:
    """Read milliseconds since the epoch, number or text; None when there is no time or it is written otherwise."""
    text = to_text(value).strip()
    return int(text) if _DIGITS.fullmatch(text) else None
