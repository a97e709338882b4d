"""Where requests are sent, checked before anything is."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pulumi_cvc.api.errors import ConfigurationError

DEFAULT_ENDPOINT: Final = "https://aliyuncvc.cn-hangzhou.aliyuncs.com"

_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Endpoint:
    """A checked endpoint; *host* is as in the ``host`` header, with the port when it is not the scheme's own."""

    scheme: str
    host: str
    is_loopback: bool

    @property
    def url(self) -> str:
        """The address without a path, for example ``http://127.0.0.1:8080``."""
        return f"{self.scheme}://{self.host}"


def check_endpoint(endpoint: str) -> str:
    """Check an endpoint and give it as a URL without a path.

    Taken are ``host``, ``host:port``, ``https://host`` and, on loopback only, ``http://host:port``. Raises
    `ConfigurationError`; its text does not repeat *endpoint*, which may hold a password.
    """
    return parse_endpoint(endpoint).url


def parse_endpoint(endpoint: str) -> Endpoint:
    """Take an endpoint apart; raises `ConfigurationError` as `check_endpoint` does."""
    parts, port = _split(endpoint.strip())
    if parts.scheme not in _DEFAULT_PORTS:
        raise ConfigurationError("the endpoint must start with https://, or be only a host name")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("the endpoint must not hold a user name or a password")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigurationError("the endpoint must be a host, without a path, query or fragment")
    host, is_loopback = _host(parts.hostname or "")
    if parts.scheme == "http" and not is_loopback:
        raise ConfigurationError("the endpoint must start with https://; http:// is for 127.0.0.1, [::1] and localhost")
    shown_port = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return Endpoint(parts.scheme, host + shown_port, is_loopback)


def _split(endpoint: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        port = parts.port
    except ValueError:
        problem = "the endpoint is not a host with an optional port"
    else:
        return parts, port
    raise ConfigurationError(problem)


def _host(name: str) -> tuple[str, bool]:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if not _HOST_NAME.fullmatch(name):
            problem = "the endpoint has no host name, or one with characters that host names cannot have"
        else:
            return name, name == "localhost"
    else:
        return (f"[{name}]" if address.version == 6 else name), address.is_loopback  # noqa: PLR2004
    raise ConfigurationError(problem)
