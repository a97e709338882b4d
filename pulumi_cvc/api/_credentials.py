"""Where the AccessKey comes from: given, the environment, a profile, or the vendor's default chain."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pulumi_cvc.api.errors import CredentialsError

_PRINTABLE = re.compile(r"[!-~]+")
_HOW_TO = (
    "set cvc:accessKeyId and cvc:accessKeySecret (with --secret), or ALIBABA_CLOUD_ACCESS_KEY_ID and "
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run 'aliyun configure' and name the profile in cvc:profile"
)
# (key id, secret, token): the vendor's own names, then those of its Terraform and Pulumi providers.
_ENVIRONMENT: Final = (
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"),
)
_EXPLICIT = ("cvc:accessKeyId", "cvc:accessKeySecret", "cvc:securityToken")
# Loggers to which the vendor's packages add handlers at import: they would write tracebacks to stderr.
_NOISY_LOGGERS = ("credentials", "alibabacloud-tea")
# The vendor's errors repeat whole answers, keys included. These parts of them are known to be harmless.
_HARMLESS = re.compile(
    r"unable to open credentials file: [^\s'\"\]]+"
    r"|failed to parse credential form cli credentials file: [^\s'\"\]]+"
    r"|failed to get credential from credentials file: [^\s'\"\]]+"
    r"|unable to get profile with '[^']*'"
    r"|unsupported profile mode '[^']*'"
    r"|cli credentials file is disabled"
    r"|(?:HttpCode|http_code)[=:] ?\d+"
    r"|\"Code\" ?: ?\"[\w.]{1,80}\"",
)


@dataclass(frozen=True)
class Credentials:
    """An AccessKey; *security_token* is ``""`` but for temporary (STS) keys. Its repr shows none of it.

    It is a `CredentialsProvider` of itself.
    """

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    def get_credentials(self) -> Credentials:
        """Give these credentials."""
        return self


class CredentialsProvider(Protocol):
    """Gives the credentials of one attempt; asked for every attempt, so that temporary keys can be renewed."""

    def get_credentials(self) -> Credentials:
        """Give valid credentials; raises `CredentialsError`."""


class _Official(Protocol):
    """What is used of ``alibabacloud_credentials.client.Client``."""

    def get_credential(self) -> Any:
        """Give the vendor's CredentialModel."""


class DefaultCredentials:
    """Looks in the order that the vendor's tools share; the first that is there is used.

    1. *access_key_id* and *access_key_secret*, with *security_token* for temporary keys
    2. *profile*, of the vendor's CLI (``~/.aliyun/config.json``)
    3. ``ALIBABA_CLOUD_ACCESS_KEY_ID``, ``ALIBABA_CLOUD_ACCESS_KEY_SECRET``, ``ALIBABA_CLOUD_SECURITY_TOKEN``
    4. ``ALICLOUD_ACCESS_KEY``, ``ALICLOUD_SECRET_KEY``, ``ALICLOUD_SECURITY_TOKEN``
    5. the profile that ``ALICLOUD_PROFILE`` names
    6. the default chain of the official package ``alibabacloud-credentials``: OIDC, the CLI's profile (the one in
       ``ALIBABA_CLOUD_PROFILE`` or the current one), an ini file, the ECS metadata service, a credentials URI

    An empty string counts as not set, and half a key pair is an error rather than skipped: the next in line may belong
    to another account. *environ* is read when credentials are asked for. *official* makes the official package's
    client, with a profile or without.
    """

    def __init__(  # noqa: PLR0913  each has a name of its own in the configuration
        self,
        access_key_id: str | None = None,
        access_key_secret: str | None = None,
        security_token: str | None = None,
        profile: str | None = None,
        environ: Mapping[str, str] = os.environ,
        *,
        official: Callable[[str | None], _Official] | None = None,
    ) -> None:
        self._explicit = (access_key_id, access_key_secret, security_token)
        self._profile = profile
        self._environ = environ
        self._chain = _Chain(official or official_client)

    def get_credentials(self) -> Credentials:
        """Give the first credentials that are there; raises `CredentialsError`, which says what was tried."""
        explicit = _pair(_EXPLICIT, self._explicit)
        if explicit is not None:
            return explicit
        if self._profile:
            return self._chain.get_credentials(self._profile)
        for names in _ENVIRONMENT:
            found = _pair(names, tuple(self._environ.get(name) for name in names))
            if found is not None:
                return found
        return self._chain.get_credentials(self._environ.get("ALICLOUD_PROFILE") or None)


def _pair(names: tuple[str, ...], values: tuple[str | None, ...]) -> Credentials | None:
    """Make credentials of the values under these names; None when neither half of the pair is set."""
    # A line end at the end of a CI secret is easily had and never meant.
    stripped = tuple((value or "").strip() for value in values)
    key_id, secret, _ = stripped
    if key_id and secret:
        return _usable(Credentials(*stripped), f"{names[0]}, {names[1]} or {names[2]}")
    if not key_id and not secret and (not stripped[2] or names != _EXPLICIT):
        return None
    missing = " and ".join(name for name, value in zip(names[:2], stripped[:2], strict=True) if not value)
    there = " and ".join(name for name, value in zip(names, stripped, strict=True) if value)
    raise CredentialsError(f"half of the credentials is missing: {there} is set, but not {missing}; set all or none")


def _usable(credentials: Credentials, source: str) -> Credentials:
    parts = (credentials.access_key_id, credentials.access_key_secret, credentials.security_token or "-")
    if all(_PRINTABLE.fullmatch(part) for part in parts):
        return credentials
    raise CredentialsError(
        f"the credentials cannot be used: {source} holds a blank, a line end or a character outside ASCII, which no "
        "AccessKey has; copy it once more"
    )


class _Chain:
    """The official package, asked for only when nothing else is set, since importing it is slow."""

    def __init__(self, official: Callable[[str | None], _Official]) -> None:
        self._make = official
        self._official: _Official | None = None
        self._failure: str | None = None
        self._worked = False
        self._lock = threading.Lock()

    def get_credentials(self, profile: str | None) -> Credentials:
        """Ask the package, which caches and renews. A first failure stays: asking for metadata takes seconds."""
        with self._lock:
            failure = self._failure
            if failure is None:
                answer = self._ask(profile)
                if isinstance(answer, Credentials):
                    self._worked = True
                    return _usable(answer, "what the official credentials chain found")
                failure = answer
                self._failure = None if self._worked else failure
        raise CredentialsError(failure)

    def _ask(self, profile: str | None) -> Credentials | str:
        try:
            if self._official is None:
                self._official = self._make(profile)
            found = self._official.get_credential()
            key = [str(part or "") for part in (found.access_key_id, found.access_key_secret, found.security_token)]
        except Exception as error:  # noqa: BLE001  the package lets through whatever its many providers raise
            return _nothing_found(profile, error)
        return Credentials(*key) if key[0] and key[1] else _nothing_found(profile, None)


def _nothing_found(profile: str | None, error: Exception | None) -> str:
    said = ", ".join(dict.fromkeys(_HARMLESS.findall(str(error)))) if error else ""
    detail = f" ({type(error).__name__}{': ' if said else ''}{said})" if error else ""
    if profile:
        return (
            f"no credentials: profile {profile!r} of the Alibaba Cloud CLI gave none{detail}; "
            "run 'aliyun configure list', or unset cvc:profile and ALICLOUD_PROFILE"
        )
    tried = ", ".join(["cvc:accessKeyId", "cvc:profile", *(names[0] for names in _ENVIRONMENT), "ALICLOUD_PROFILE"])
    return (
        f"no credentials: tried in this order {tried} (none is set), then the official default chain of OIDC, "
        f"CLI profile, ini file, ECS metadata service and credentials URI{detail}; {_HOW_TO}"
    )


def official_client(profile: str | None) -> _Official:
    """Make the official client, for a profile of the vendor's CLI or for the default chain."""
    with _without_new_handlers():
        from alibabacloud_credentials.client import Client  # noqa: PLC0415
        from alibabacloud_credentials.provider import CLIProfileCredentialsProvider  # noqa: PLC0415

    provider = CLIProfileCredentialsProvider(profile_name=profile) if profile else None
    client: _Official = Client(provider=provider)
    return client


@contextmanager
def _without_new_handlers() -> Iterator[None]:
    """Take away the handlers that an import hangs on loggers; what these loggers say repeats whole answers."""
    loggers = [logging.getLogger(name) for name in _NOISY_LOGGERS]
    before = [list(logger.handlers) for logger in loggers]
    try:
        yield
    finally:
        for logger, handlers in zip(loggers, before, strict=True):
            logger.handlers[:] = handlers or [logging.NullHandler()]
            logger.propagate = False
