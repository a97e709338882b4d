"""What can be chosen about the emulated service."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

Upsert = Literal["merge", "replace"]
MissingUser = Literal["error", "null", "empty"]
DeleteMissing = Literal["ok", "error"]
BadBatch = Literal["whole", "part"]
MeetingForm = Literal["current", "table", "sample"]

CHOICES = {
    "upsert": get_args(Upsert),
    "missing_user": get_args(MissingUser),
    "delete_missing": get_args(DeleteMissing),
    "bad_batch": get_args(BadBatch),
    "meeting_form": get_args(MeetingForm),
}


@dataclass(frozen=True)
class AccessKey:
    """A key that the service knows; with a *token*, a temporary one of STS, which requests have to carry."""

    id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.id or not self.secret or self.token == "":
            raise ValueError("an access key needs an id and a secret, and its token, if any, may not be empty")


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the service behaves where its document is silent or contradicts itself, and how slow it is.

    A value that makes no sense raises ValueError.
    """

    access_keys: tuple[AccessKey, ...] = (AccessKey("testid", "testsecret"),)

    database: str | None = None
    """SQLite file that holds users and meetings; None keeps them in memory."""

    upsert: Upsert = "merge"
    """Whether CreateUser keeps or clears an optional field that it leaves out, for a user who exists."""

    empty_clears: bool = True
    """Whether an empty string clears an optional field; otherwise it counts as left out."""

    missing_user: MissingUser = "error"
    """GetUser for a user who does not exist: ``Success`` false, or true with ``UserInfo`` null or ``{}``."""

    delete_missing: DeleteMissing = "ok"
    """DeleteUser for a user who does not exist: nothing to do, or ``Success`` false."""

    bad_batch: BadBatch = "whole"
    """What is refused when one user of a batch is bad: the whole, or that part; the answer is the same."""

    meeting_form: MeetingForm = "current"
    """ListMembers answers as the current page, as the old document's table or as its sample has it."""

    read_delay_s: float = 0.0
    """How long GetUser goes on answering as before a write (a new user, a change, a deletion)."""

    latency_s: float = 0.0
    """How long every answer is held back."""

    qps: int | None = None
    """Requests let through in any one second; others are throttled."""

    max_count: int | None = None
    """Most users in one CreateUser or DeleteUser."""

    clock_offset_s: float = 0.0
    """How far the service's clock is ahead."""

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}")
        for name in ("read_delay_s", "latency_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be a number of seconds, 0 or more")
        if not math.isfinite(self.clock_offset_s):
            raise ValueError("clock_offset_s must be a number of seconds")
        for name in ("qps", "max_count"):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise ValueError(f"{name} must be 1 or more")
        if not self.access_keys:
            raise ValueError("access_keys must hold at least one")
