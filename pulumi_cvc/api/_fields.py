"""The shapes of users and meetings, with the vendor's request names (camelCase)."""

from __future__ import annotations

from typing import Final, TypedDict


class UserInfo(TypedDict, total=False):
    """What CreateUser takes. Every value is a string; the vendor requires the fields in `REQUIRED_FIELDS`."""

    userId: str
    userName: str
    groupId: str
    groupName: str
    userAvatarUrl: str
    departId: str
    departName: str
    userEmail: str
    userTel: str
    userMobile: str


class UserRecord(UserInfo, total=False):
    """What GetUser shows. Every field of `USER_FIELDS` is there, ``""`` when the service has no value for it.

    So is ``jobName``, which only the vendor's SDKs know of. ``createTime`` is in milliseconds since the epoch, and
    missing when the service shows none.
    """

    createTime: int
    jobName: str


class Member(TypedDict):
    """One join of a meeting: who joins twice is there twice. Times are in milliseconds since the epoch.

    ``status`` is ``online`` (joined), ``offline`` (left) or ``ring`` (being called).
    """

    memberUUID: str
    userId: str
    userName: str
    status: str
    beginTime: int | None
    endTime: int | None


class Meeting(TypedDict):
    """A meeting, who created it (``userId``, ``userName``) and its joins. ``createTime`` is in ms since the epoch."""

    meetingUUID: str
    meetingName: str
    meetingCode: str
    createTime: int | None
    userId: str
    userName: str
    memo: str
    memberInfos: list[Member]


REQUIRED_FIELDS: Final = ("userId", "userName", "groupId", "groupName")
USER_FIELDS: Final = (
    *REQUIRED_FIELDS,
    "userAvatarUrl",
    "departId",
    "departName",
    "userEmail",
    "userTel",
    "userMobile",
)


def answer_key(name: str) -> str:
    """Give the name in answers of a field: PascalCase."""
    return name[0].upper() + name[1:]
