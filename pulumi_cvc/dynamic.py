"""Host 1: Pulumi's dynamic providers, and the resources and functions of a Python program.

Two processes import this module. The program's holds the resources and functions; the provider's, which Pulumi starts
for one deployment, holds the provider classes. Every state ever written names `UserProvider` by module and name.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias, TypeVar

import grpc
import pulumi
from pulumi import dynamic
from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pulumi.runtime.stack import Stack

from pulumi_cvc import api, lifecycle, schema

OnExisting: TypeAlias = Literal["adopt", "overwrite", "fail"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Tells the provider which resource a check is for, since the host does not: its number in this run of the program, and
# how to call it. The lifecycle never sees it, so it reaches no state.
_RESOURCE_KEY = "__resource"
_numbers = itertools.count()

_USER = schema.package()["resources"][schema.USER]
_CAMEL_CASE: dict[str, str] = {
    schema.snake_case(name): name for name in {**_USER["inputProperties"], **_USER["properties"]}
}
_SNAKE_CASE = {camel: snake for snake, camel in _CAMEL_CASE.items()}


# The provider's process


class _Engine:
    """Shows messages in Pulumi's own display: the engine's address is the first argument of the provider's process."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def log(self, severity: lifecycle.Severity, message: str) -> None:
        """Show one line under Diagnostics."""
        level = {lifecycle.Severity.INFO: engine_pb2.INFO, lifecycle.Severity.WARNING: engine_pb2.WARNING}[severity]
        try:
            self._stub.Log(engine_pb2.LogRequest(severity=level, message=message))
        except grpc.RpcError:
            # What was just written must not be lost for a message; Pulumi shows the process's stderr too.
            print(message, file=sys.stderr)  # noqa: T201


class _Process:
    """The one session of a provider process, shared by its provider classes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: lifecycle.Session | None = None
        self._wrong_settings: lifecycle.SettingsError | None = None

    def configure(self, config: Mapping[str, Any]) -> None:
        """Start the session with the first configuration that arrives: a deployment has one."""
        with self._lock:
            if self._session or self._wrong_settings:
                return
            try:
                settings = lifecycle.Settings.read(config)
            except lifecycle.SettingsError as error:
                # Kept for check, which reports it in the preview as one line; raised here it would be a traceback.
                self._wrong_settings = error
                return
            self._session = lifecycle.Session(settings, _Engine(sys.argv[1]).log, schema.snake_case)

    def session(self) -> lifecycle.Session:
        """Give the session; raises `SettingsError` when the configuration is wrong."""
        if self._session is None:
            raise self._wrong_settings or AssertionError("configure comes before everything else")
        return self._session


_process = _Process()


def _short_traceback(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Cut what leads to a failure that explains itself: the host shows every exception with its traceback."""

    @functools.wraps(method)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(*args, **kwargs)
        except api.CvcError as error:
            raise error.with_traceback(None) from None

    return wrapped


class UserProvider(dynamic.ResourceProvider):
    """One user for each resource; translates between the dynamic host and `lifecycle.UserLifecycle`."""

    # Nothing is captured, so there is no secret in what is pickled; marking it costs an encryption for each resource.
    serialize_as_secret_always = False

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Take the stack's configuration."""
        # Config has no list of its keys, and without one a misspelt key would pass unseen.
        _process.configure(req.config._props)  # noqa: SLF001

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Validate; a failure carries no property, or the engine would print the property's value beside it."""
        try:
            user = self._user()
        except lifecycle.SettingsError as error:
            return dynamic.CheckResult(news, [dynamic.CheckFailure("", failure) for failure in error.failures])
        number, label = news.get(_RESOURCE_KEY) or (0, "")
        checked = user.check(_plain(_olds), _plain(news), lifecycle.Declaration(str(number), label))
        failures = [dynamic.CheckFailure("", failure.text(_python_name)) for failure in checked.failures]
        return dynamic.CheckResult(_wire(checked.inputs), failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare outputs with inputs."""
        diff = self._user().diff(_plain(_olds), _plain(_news))
        return dynamic.DiffResult(changes=bool(diff.changed), replaces=list(diff.replaces))

    @_short_traceback
    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """CreateUser."""
        outputs = self._user().create(_plain(props))
        return dynamic.CreateResult(outputs["userId"], outputs)

    @_short_traceback
    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """GetUser; an empty id says that the user is gone."""
        found = self._user().read(id_, _plain(props))
        return dynamic.ReadResult(id_, found.outputs, found.inputs) if found else dynamic.ReadResult("", {})

    @_short_traceback
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """CreateUser, which is an upsert."""
        return dynamic.UpdateResult(self._user().update(_plain(_olds), _plain(_news)))

    @_short_traceback
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """DeleteUser."""
        self._user().delete(_id)

    def _user(self) -> lifecycle.UserLifecycle:
        return lifecycle.UserLifecycle(_process.session())


def _plain(props: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the host's own keys out and turn its marks of an unknown value into the lifecycle's."""
    return {
        name: lifecycle.UNKNOWN if isinstance(value, Unknown) or value == rpc.UNKNOWN else value
        for name, value in props.items()
        if not name.startswith("__")
    }


def _wire(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: rpc.UNKNOWN if value is lifecycle.UNKNOWN else value for name, value in inputs.items()}


def _python_name(name: str) -> str:
    return _SNAKE_CASE.get(name, name)


# The program's process


class User(dynamic.Resource, module="cvc", name="User"):
    """A user of CVC.

    A field that is declared is kept as declared; a field that is no longer declared is cleared; a field that was never
    declared is left alone. ``""`` declares an empty field. Outputs hold what is declared, as the service shows it.
    """

    user_id: pulumi.Output[str]
    """The user's id; a change replaces the resource."""
    user_name: pulumi.Output[str]
    """The display name."""
    group_id: pulumi.Output[str]
    """The id of the enterprise (企业)."""
    group_name: pulumi.Output[str]
    """The name of the enterprise (企业)."""
    user_avatar_url: pulumi.Output[str | None]
    """The address of the picture."""
    depart_id: pulumi.Output[str | None]
    """The id of the department."""
    depart_name: pulumi.Output[str | None]
    """The name of the department."""
    user_email: pulumi.Output[str | None]
    """The e-mail address."""
    user_tel: pulumi.Output[str | None]
    """The landline number."""
    user_mobile: pulumi.Output[str | None]
    """The mobile number."""
    on_existing: pulumi.Output[OnExisting | None]
    """What a create does that meets a user who is there already."""
    # Numbers arrive as floats; Pulumi makes an int of this one, whose type it finds under the schema's name.
    create_time: pulumi.Output[int | None] = pulumi.property("createTime")
    """When the user was created, in milliseconds since the epoch."""

    if TYPE_CHECKING:
        # For editors and type checkers: at run time check names all that is wrong at once, where Python stops at one.
        def __init__(  # noqa: PLR0913
            self,
            resource_name: str,
            opts: pulumi.ResourceOptions | None = None,
            *,
            user_id: pulumi.Input[str],
            user_name: pulumi.Input[str],
            group_id: pulumi.Input[str],
            group_name: pulumi.Input[str],
            user_avatar_url: pulumi.Input[str | None] = None,
            depart_id: pulumi.Input[str | None] = None,
            depart_name: pulumi.Input[str | None] = None,
            user_email: pulumi.Input[str | None] = None,
            user_tel: pulumi.Input[str | None] = None,
            user_mobile: pulumi.Input[str | None] = None,
            on_existing: pulumi.Input[OnExisting | None] = None,
        ) -> None: ...

    else:

        def __init__(
            self, resource_name: str, opts: pulumi.ResourceOptions | None = None, **inputs: pulumi.Input[Any]
        ) -> None:
            """Declare a user; the keyword arguments are those of the class, as Inputs, and ``opts``."""
            label = {_RESOURCE_KEY: [next(_numbers), _label(resource_name, opts)]}
            super().__init__(UserProvider(), resource_name, {**dict.fromkeys(_CAMEL_CASE), **inputs, **label}, opts)

    @classmethod
    def get(cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> User:  # noqa: A002
        """Look up a user whom some other stack owns: every field is read, nothing is written or deleted."""
        # Keyword arguments would be declared; a resource with an id in its options is only read.
        user: User = cls.__new__(cls)
        dynamic.Resource.__init__(
            user,
            UserProvider(),
            resource_name,
            dict.fromkeys(_CAMEL_CASE),
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id)),
        )
        return user

    def translate_input_property(self, prop: str) -> str:
        """Give the schema's name of a Python name, for Pulumi."""
        return _CAMEL_CASE.get(prop, prop)

    def translate_output_property(self, prop: str) -> str:
        """Give the Python name of a schema's name, for Pulumi."""
        return _python_name(prop)


def _label(resource_name: str, opts: pulumi.ResourceOptions | None) -> str:
    parent = opts.parent if opts else None
    if parent is None or isinstance(parent, Stack):
        return repr(resource_name)
    return f"{resource_name!r} of {parent.pulumi_resource_name!r}"


@dataclass(frozen=True)
class GetUserResult:
    """Every field of a user; one that the service does not have is ``""``."""

    user_id: str
    user_name: str
    group_id: str
    group_name: str
    user_avatar_url: str
    depart_id: str
    depart_name: str
    user_email: str
    user_tel: str
    user_mobile: str
    job_name: str
    create_time: int | None
    """In milliseconds since the epoch."""


@dataclass(frozen=True)
class Member:
    """One join of a meeting: who joins twice has two."""

    member_uuid: str
    user_id: str
    user_name: str
    status: str
    """``online`` joined, ``offline`` left, ``ring`` being called."""
    begin_time: int | None
    """In milliseconds since the epoch."""
    end_time: int | None
    """In milliseconds since the epoch."""


@dataclass(frozen=True)
class ListMembersResult:
    """A meeting and who joined it."""

    meeting_uuid: str
    meeting_name: str
    meeting_code: str
    """The number that people dial to join."""
    create_time: int | None
    """In milliseconds since the epoch."""
    user_id: str
    """The id of the user who created the meeting."""
    user_name: str
    memo: str
    member_infos: list[Member]


def get_user(user_id: str) -> GetUserResult:
    """Ask the service for every field of a user; raises `pulumi_cvc.api.CvcError` when there is none, among others."""
    record = lifecycle.get_user(_program_session(), user_id)
    return GetUserResult(**{"create_time": None, **_snake(record)})


def get_user_output(user_id: pulumi.Input[str]) -> pulumi.Output[GetUserResult]:
    """Do the same as `get_user` for an Input; in a preview that does not know the id yet, the result is unknown too.

    To look up a user of the same program, pass its ``id``, which is known once the user is there, not its ``user_id``.
    """
    return pulumi.Output.from_input(user_id).apply(lambda value: asyncio.to_thread(get_user, value))


def list_members(meeting_uuid: str) -> ListMembersResult:
    """Ask the service for a meeting and one record for every join; raises `pulumi_cvc.api.CvcError`."""
    meeting = lifecycle.list_members(_program_session(), meeting_uuid)
    members = [Member(**_snake(member)) for member in meeting["memberInfos"]]
    return ListMembersResult(**{**_snake(meeting), "member_infos": members})


def list_members_output(meeting_uuid: pulumi.Input[str]) -> pulumi.Output[ListMembersResult]:
    """Do the same as `list_members` for an Input."""
    return pulumi.Output.from_input(meeting_uuid).apply(lambda value: asyncio.to_thread(list_members, value))


def _snake(record: Mapping[str, Any]) -> dict[str, Any]:
    return {schema.snake_case(name): value for name, value in record.items()}


def _program_session() -> lifecycle.Session:
    """Give the session of the program's own calls, with the stack's configuration."""
    keys = [f"cvc:{name}" for name in schema.package()["config"]["variables"]]
    # Not pulumi.Config: its get warns of every secret.
    config = {key: value for key in keys if (value := pulumi.runtime.get_config(key)) is not None}
    return _session_for(lifecycle.Settings.read(config))


@functools.cache
def _session_for(settings: lifecycle.Settings) -> lifecycle.Session:
    return lifecycle.Session(settings, lambda _severity, message: pulumi.log.info(message), schema.snake_case)
