"""What is tried again, and when. Every action may be repeated: CreateUser is an upsert, the others read or delete."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

_BASE_S = 0.2
_CAP_S = 20.0
_RETRY_AFTER_CAP_S = 60.0


class Again(Enum):
    """What to do after a failed attempt."""

    NO = "no"
    BACK_OFF = "back off"
    SLOW_DOWN = "back off, and slow the whole process down"
    CORRECT_CLOCK = "once, with the server's time"


# (status, code, again), first match wins. Status 0: no answer came, and the code says why. 2xx comes here only for an
# answer that is damaged (`damaged`), of another shape (`shape`), or a refusal of CVC's, with its `ErrorCode`.
RETRIES: Final = (
    ("0", "tls", Again.NO),
    ("0", "unsendable", Again.NO),
    ("0", "*", Again.BACK_OFF),
    ("2??", "damaged", Again.BACK_OFF),
    ("2??", "*", Again.NO),
    ("*", "Throttling*", Again.SLOW_DOWN),
    ("429", "*", Again.SLOW_DOWN),
    ("503", "*", Again.SLOW_DOWN),
    ("5??", "*", Again.BACK_OFF),
    ("*", "SignatureNonceUsed", Again.BACK_OFF),
    ("*", "InvalidTimeStamp.Expired", Again.CORRECT_CLOCK),
    ("*", "*", Again.NO),
)


def again(status: int, code: str) -> Again:
    """Look up whether to try again."""
    return next(
        decision
        for status_pattern, code_pattern, decision in RETRIES
        if fnmatchcase(str(status), status_pattern) and fnmatchcase(code, code_pattern)
    )


def pause_s(attempt: int, retry_after_s: float | None, random: Callable[[], float]) -> float:
    """Give the seconds to wait after the *attempt*-th attempt, counted from 1.

    Full jitter: ``random() * min(20, 0.2 * 2 ** (attempt - 1))``, and at least what the server asked for, up to 60.
    """
    jitter = random() * min(_CAP_S, _BASE_S * 2.0 ** min(attempt - 1, 16))
    return max(jitter, min(retry_after_s or 0.0, _RETRY_AFTER_CAP_S))
