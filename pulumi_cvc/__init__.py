"""Users of Alibaba Cloud CVC (云视频会议), declared in Pulumi programs."""

from pulumi_cvc.api import CvcError
from pulumi_cvc.dynamic import (
    GetUserResult,
    ListMembersResult,
    Member,
    OnExisting,
    User,
    get_user,
    get_user_output,
    list_members,
    list_members_output,
)
from pulumi_cvc.lifecycle import NoSuchUserError

__all__ = [
    "CvcError",
    "GetUserResult",
    "ListMembersResult",
    "Member",
    "NoSuchUserError",
    "OnExisting",
    "User",
    "get_user",
    "get_user_output",
    "list_members",
    "list_members_output",
]
