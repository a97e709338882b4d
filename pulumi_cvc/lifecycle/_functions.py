"""What is only asked: a user or a meeting, whoever manages it."""

from __future__ import annotations

from pulumi_cvc import api
from pulumi_cvc.lifecycle._session import Session


class NoSuchUserError(api.CvcError):
    """The service has proven that there is no such user."""


def get_user(session: Session, user_id: str) -> api.UserRecord:
    """Give every field of a user; raises `NoSuchUserError` when there is none."""
    user = session.client.get_user(user_id)
    if user is None:
        raise NoSuchUserError(
            f"there is no user {user_id!r}: check the user_id, and that the credentials are for the right account"
        )
    return user


def list_members(session: Session, meeting_uuid: str) -> api.Meeting:
    """Give a meeting and one record for every join."""
    return session.client.list_members(meeting_uuid)
