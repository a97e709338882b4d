"""Faults on demand: rules that say which requests go wrong, how often, and how."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ._actions import MANDATORY
from ._gateway import KNOWN

_FIRST_ERROR_STATUS = 400
_LAST_STATUS = 599
_MAX_SECONDS = 86400


@dataclass
class Rule:
    """One rule; fields that its *fault* does not use keep their defaults. `FAULTS` tells which it uses."""

    fault: str
    action: str = "*"
    user_id: str | None = None
    times: int | None = 1
    after: int = 0
    code: str = "Throttling.User"
    status: int | None = None
    message: str | None = None
    error_code: int = 0
    retry_after_ms: int | None = None
    seconds: float = 0.0
    applies: bool = False
    given: dict[str, Any] = field(default_factory=dict)
    """The rule as JSON, as it was given."""
    met: int = 0
    fired: int = 0

    def matches(self, action: str, user_ids: Iterable[str]) -> bool:
        """Say whether the rule is about such a request."""
        return self.action in ("*", action) and (self.user_id is None or self.user_id in user_ids)

    def fires(self) -> bool:
        """Count one matching request and say whether it goes wrong."""
        self.met += 1
        due = self.met > self.after and (self.times is None or self.fired < self.times)
        self.fired += due
        return due


class Rules:
    """The rules, in the order of adding: the first that fires decides, later ones do not meet the request."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rules: object) -> None:
        """Add a list of rules in their JSON form; ValueError says what is wrong, and then none is added."""
        if not isinstance(rules, list):
            raise ValueError("faults must be a list of rules")  # noqa: TRY004 - all are mistakes in JSON
        self._rules += [_parse(rule, f"rule {index}") for index, rule in enumerate(rules)]

    def clear(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def show(self) -> list[dict[str, Any]]:
        """Give the rules as they were added, each with ``fired``, the number of requests that it spoiled."""
        return [{**rule.given, "fired": rule.fired} for rule in self._rules]

    def take(self, action: str, user_ids: Sequence[str]) -> Rule | None:
        """Give the rule that this request falls under."""
        return next((rule for rule in self._rules if rule.matches(action, user_ids) and rule.fires()), None)


Check = tuple[str, Callable[[Any], bool], str]


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return _is_int(value) and isinstance(value, int) and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_seconds(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and 0 <= value <= _MAX_SECONDS
    )


def _is_error_status(value: object) -> bool:
    return isinstance(value, int) and _FIRST_ERROR_STATUS <= value <= _LAST_STATUS


_ACTIONS = ("*", *MANDATORY)
_COMMON: dict[str, Check] = {
    "fault": ("fault", _is_text, "a text"),
    "action": ("action", lambda value: value in _ACTIONS, f"one of {', '.join(_ACTIONS)}"),
    "userId": ("user_id", _is_text, "a text"),
    "times": (
        "times",
        lambda value: value is None or _is_count(value),
        "a number, 0 or more, or null for ever",
    ),
    "after": ("after", _is_count, "a number, 0 or more"),
}
_CODE: Check = ("code", _is_text, "a text")
_ERROR_STATUS: Check = ("status", _is_error_status, "an HTTP status from 400 to 599")
_ANY_STATUS: Check = (
    "status",
    lambda value: value == HTTPStatus.OK or _is_error_status(value),
    "200, or from 400 to 599",
)
_MESSAGE: Check = ("message", lambda value: isinstance(value, str), "a text")
_APPLIES: Check = ("applies", lambda value: isinstance(value, bool), "true or false")
_SECONDS: Check = ("seconds", _is_seconds, f"a number from 0 to {_MAX_SECONDS}")
_RETRY: Check = ("retry_after_ms", _is_count, "a number, 0 or more")
_ERROR_CODE: Check = ("error_code", lambda value: _is_int(value) and value != 0, "a number other than 0")

FAULTS: dict[str, dict[str, Check]] = {
    "throttle": {"code": _CODE, "status": _ERROR_STATUS, "retryAfterMs": _RETRY},
    "error": {"code": _CODE, "status": _ERROR_STATUS, "message": _MESSAGE, "applies": _APPLIES},
    "errorCode": {"errorCode": _ERROR_CODE, "message": _MESSAGE},
    "expired": {},
    "dropBefore": {},
    "dropAfter": {},
    "delay": {"seconds": _SECONDS},
    "slow": {"seconds": _SECONDS},
    "garbage": {"applies": _APPLIES},
    "html": {"status": _ANY_STATUS, "applies": _APPLIES},
    "empty": {"status": _ANY_STATUS, "applies": _APPLIES},
    "truncated": {},
    "cut": {},
}
"""Fault: the fields that it takes beside ``fault``, ``action``, ``userId``, ``times`` and ``after``.

`Emulator.add_faults` says what each does.
"""

_MANDATORY = {"error": "code", "errorCode": "errorCode", "delay": "seconds", "slow": "seconds"}


def _parse(rule: object, where: str) -> Rule:
    if not isinstance(rule, dict):
        raise ValueError(f"{where}: must be an object")  # noqa: TRY004 - as above
    fault = rule.get("fault")
    if not isinstance(fault, str) or fault not in FAULTS:
        raise ValueError(f"{where}: fault must be one of {', '.join(FAULTS)}")
    checks = {**_COMMON, **FAULTS[fault]}
    for name in rule:
        if name not in checks:
            raise ValueError(f"{where}: {fault} takes no such field; it takes {', '.join(checks)}")
    if (needed := _MANDATORY.get(fault)) and needed not in rule:
        raise ValueError(f"{where}: {fault} needs {needed}")
    if fault == "error" and "status" not in rule and rule["code"] not in KNOWN:
        raise ValueError(f"{where}: error needs status, since its code is not in the gateway's table")
    return Rule(**_arguments(rule, checks, where), given=dict(rule))


def _arguments(rule: Mapping[str, Any], checks: Mapping[str, Check], where: str) -> dict[str, Any]:
    arguments = {}
    for name, value in rule.items():
        argument, is_valid, needed = checks[name]
        if not is_valid(value):
            raise ValueError(f"{where}: {name} must be {needed}")
        arguments[argument] = value
    return arguments
