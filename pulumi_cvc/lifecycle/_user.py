"""The life of one user, in the order in which the engine asks: check, diff, create, read, update, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, cast

from pulumi_cvc import api, schema
from pulumi_cvc.lifecycle._session import Declaration, Session, Severity
from pulumi_cvc.lifecycle._values import UNKNOWN

Properties = dict[str, Any]

_FIELDS = frozenset(api.USER_FIELDS)
# A service of several replicas may show an older record for a moment; nobody should wait longer for a warning.
_SETTLE_S = 2.0
_FIRST_PAUSE_S = 0.05


class ReadOnlyError(api.CvcError):
    """`cvc:readOnly` is set, so the write was refused before anything was sent."""


class UserExistsError(api.CvcError):
    """A create with ``onExisting: fail`` met a user who is there already."""


@dataclass(frozen=True)
class Checked:
    """The inputs as the state will hold them, and what is wrong with them."""

    inputs: Properties
    failures: list[schema.Failure] = field(default_factory=list)


@dataclass(frozen=True)
class Diff:
    """Which properties changed, and which of these replace the resource."""

    changed: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A resource as it is now: the inputs that would declare it so, and the outputs."""

    inputs: Properties
    outputs: Properties


class UserLifecycle:
    """What the engine's operations mean for one user; *now* and *pause* are the clock, in seconds."""

    def __init__(
        self, session: Session, now: Callable[[], float] = monotonic, pause: Callable[[float], None] = sleep
    ) -> None:
        self._session = session
        self._now = now
        self._pause = pause

    def check(self, olds: Mapping[str, Any], news: Mapping[str, Any], declaration: Declaration) -> Checked:
        """Validate *news* and remember the id that they declare; no call is made.

        An undeclared property is one that is absent or None. Values that are unknown pass.
        """
        inputs = {name: value for name, value in news.items() if value is not None}
        unknown = [name for name, value in inputs.items() if value is UNKNOWN]
        known = {name: value for name, value in inputs.items() if name not in unknown}
        failures = schema.failures(schema.USER, known, unknown)
        if isinstance(olds.get("userId"), str):
            self._session.hold(olds["userId"])
        user_id = known.get("userId")
        if isinstance(user_id, str) and (other := self._session.declare(user_id, declaration)):
            rule = f"{user_id!r} is declared twice, by {other.label} and by {declaration.label}"
            failures.append(schema.Failure("userId", rule))
        return Checked(inputs, failures)

    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Diff:
        """Compare the state's outputs with new inputs; no call is made."""
        names = [*schema.package()["resources"][schema.USER]["inputProperties"]]
        changed = tuple(name for name in names if olds.get(name) != news.get(name))
        return Diff(changed, tuple(name for name in changed if name == "userId"))

    def create(self, inputs: Mapping[str, Any]) -> Properties:
        """Bring the declared user about and give the outputs; who is there already is met as `onExisting` says."""
        user_id = inputs["userId"]
        self._refuse_when_read_only("create", user_id)
        on_existing = inputs.get("onExisting", self._session.settings.on_existing)
        live = None if on_existing == "overwrite" else self._session.client.get_user(user_id)
        if live is not None and not self._session.is_held(user_id):
            self._meet_existing(user_id, on_existing)
        return self._write(inputs, cleared=(), live=live)

    def read(self, user_id: str, state: Mapping[str, Any]) -> Found | None:
        """Read the user as declared in *state*; None when it is proven that the user is gone.

        Only what is declared can drift, so both inputs and outputs hold the declared fields with their live values. A
        *state* without ``userId`` is that of a resource which is only looked up: it gets every field.
        """
        live = self._session.client.get_user(user_id)
        if live is None:
            return None
        declared = state if "userId" in state else dict.fromkeys(api.USER_FIELDS)
        inputs = {name: value for name, value in declared.items() if name == "onExisting"}
        inputs |= _pick(live, declared) | {"userId": user_id}
        return Found(inputs, inputs | _create_time(live))

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Properties:
        """Write what changed between the state's outputs and new inputs, and clear what is no longer declared."""
        user_id = news["userId"]
        self._refuse_when_read_only("update", user_id)
        if not _FIELDS.intersection(self.diff(olds, news).changed):
            return {**news, **_create_time(olds)}
        cleared = tuple(name for name in api.USER_FIELDS if olds.get(name) and name not in news)
        return self._write(news, cleared, self._session.client.get_user(user_id))

    def delete(self, user_id: str) -> None:
        """Delete the user, unless the program declares the id elsewhere; who is gone already is no error."""
        self._refuse_when_read_only("delete", user_id)
        if self._session.is_declared(user_id):
            self._session.log(Severity.INFO, f"user {user_id!r} is kept: the program still declares this user_id")
            return
        try:
            self._session.client.delete_users([user_id])
        except api.ServiceError:
            # Whether the service refuses to delete who is not there is unknown, and so is its ErrorCode: so look.
            if self._session.client.get_user(user_id) is not None:
                raise

    def _refuse_when_read_only(self, what: str, user_id: str) -> None:
        if self._session.settings.read_only:
            raise ReadOnlyError(
                f"refused to {what} user {user_id!r}: cvc:readOnly or CVC_READ_ONLY is set, so nothing was sent; "
                "unset it to let this stack write (destroy goes by the configuration of the last up)"
            )

    def _meet_existing(self, user_id: str, on_existing: str) -> None:
        if on_existing == "fail":
            name = self._session.property_name("onExisting")
            raise UserExistsError(
                f"user {user_id!r} exists already and {name} is 'fail', so nothing was written; with 'adopt' this user "
                "is taken over, and a resource that was only renamed needs an alias"
            )
        self._session.log(
            Severity.INFO,
            f"user {user_id!r} was there already and is taken over; fields that are not declared stay as they are",
        )

    def _write(self, inputs: Mapping[str, Any], cleared: tuple[str, ...], live: api.UserRecord | None) -> Properties:
        """Write the whole record, so that CreateUser may merge or replace, and read it back."""
        kept = {name: value for name, value in (live or {}).items() if name in _FIELDS and value}
        wanted = {name: inputs[name] for name in api.USER_FIELDS if name in inputs} | dict.fromkeys(cleared, "")
        self._session.client.create_users([cast("api.UserInfo", kept | wanted)])
        outputs = dict(inputs)
        shown = self._read_back(inputs["userId"], wanted)
        if shown is not None:
            outputs |= _pick(shown, inputs) | _create_time(shown)
        return outputs

    def _read_back(self, user_id: str, wanted: Mapping[str, str]) -> api.UserRecord | None:
        """Read until the service shows what was written, warn when it does not, and give what it showed last."""
        started, pause = self._now(), _FIRST_PAUSE_S
        while True:
            shown = self._session.client.get_user(user_id)
            differing = [name for name, value in wanted.items() if shown is None or shown.get(name, "") != value]
            patience = self._session.settings.timeout_s if shown is None else _SETTLE_S
            if not differing or self._now() - started + pause > patience:
                break
            self._pause(pause)
            pause *= 2
        if shown is None:
            self._warn(f"user {user_id!r} was written, but the service does not show this user yet; refresh later")
        elif differing:
            names = ", ".join(map(self._session.property_name, differing))
            self._warn(
                f"user {user_id!r} was written, but the service shows another value than was written for {names}"
            )
        return shown

    def _warn(self, message: str) -> None:
        self._session.log(Severity.WARNING, message)


def _pick(live: api.UserRecord, declared: Iterable[str]) -> Properties:
    """Give the live values of the declared fields; a field that the service does not have is empty."""
    return {name: live.get(name, "") for name in declared if name in _FIELDS}


def _create_time(record: Mapping[str, Any]) -> Properties:
    return {"createTime": record["createTime"]} if record.get("createTime") is not None else {}
