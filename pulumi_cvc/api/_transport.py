"""One attempt over HTTP. Nothing is raised here, since the exceptions of requests carry the signed request."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

import requests
import requests.adapters
import urllib3
import urllib3.exceptions
from requests.structures import CaseInsensitiveDict

from pulumi_cvc.api._endpoint import Endpoint
from pulumi_cvc.api._signing import Signed

_HEADERS: Final = {"accept": "application/json", "user-agent": "pulumi-cvc"}


@dataclass(frozen=True)
class Answer:
    """What came back, of whatever kind."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Fault:
    """Why nothing came back; *code* is a word for the table of retries, *said* is a sentence, *hint* what to do."""

    code: str
    said: str
    hint: str


class Transport:
    """Sends signed requests over one pool of kept-alive connections; every thread may use it.

    Proxies and ``REQUESTS_CA_BUNDLE`` are taken from the environment as requests does, once; a loopback endpoint is
    never reached through a proxy. Redirects are not followed, ``.netrc`` is not read, no cookie is kept.
    """

    def __init__(
        self, endpoint: Endpoint, *, timeout_s: float, max_connections: int, session: requests.Session | None
    ) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._own = session is None
        self._session = session or _session(max_connections)
        self._url = f"{endpoint.url}/"
        self._adapter = self._session.get_adapter(self._url)
        settings = self._session.merge_environment_settings(self._url, {}, stream=False, verify=None, cert=None)
        self._settings: dict[str, Any] = {**settings, "timeout": urllib3.Timeout(total=timeout_s)}
        if endpoint.is_loopback:
            self._settings["proxies"] = {}

    def send(self, signed: Signed) -> Answer | Fault:
        """Make one attempt; *timeout_s* is for the connection and the first bytes, and again for each further part."""
        try:
            return self._send(signed)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return self._fault(list(_chain(error)))

    def close(self) -> None:
        """Close the connections, unless the session was handed in."""
        if self._own:
            self._session.close()

    def _send(self, signed: Signed) -> Answer:
        # Not Session.send, which adds cookies and follows redirects; nor Request.prepare, which reads .netrc, encodes
        # the URL anew and takes as long as the rest of the call.
        request = requests.PreparedRequest()
        request.method = "POST"
        request.url = f"{self._url}?{signed.query_string}" if signed.query_string else self._url
        request.headers = CaseInsensitiveDict({**_HEADERS, **signed.headers, "content-length": str(len(signed.body))})
        request.body = signed.body
        with closing(self._adapter.send(request, **self._settings)) as response:
            return Answer(response.status_code, response.headers, response.content)

    def _fault(self, errors: list[BaseException]) -> Fault:
        found = next(row for row in _FAULTS if any(isinstance(error, row[0]) for error in errors))
        _, code, said, hint = found
        return Fault(code, said.format(host=self._endpoint.host, timeout_s=self._timeout_s), hint)


_NETWORK_HINT = "check cvc:endpoint, DNS and the network"
_TLS_HINT = (
    "if a proxy of yours inspects TLS, name a file with its CA certificate in REQUESTS_CA_BUNDLE; "
    "else check cvc:endpoint"
)
# (exceptions anywhere in the chain, code, what is said, what to do), first match wins.
_FAULTS: Final = (
    (
        (ssl.SSLCertVerificationError,),
        "tls",
        "TLS: the certificate of {host} could not be verified",
        _TLS_HINT,
    ),
    ((requests.exceptions.ProxyError,), "proxy", "the proxy failed", "check HTTPS_PROXY and NO_PROXY"),
    ((socket.gaierror,), "dns", "the host name {host} could not be resolved", _NETWORK_HINT),
    ((ConnectionRefusedError,), "refused", "{host} refused the connection", _NETWORK_HINT),
    (
        (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError),
        "timeout",
        "{host} gave no answer within {timeout_s:g} s",
        "check the network, or raise cvc:timeout",
    ),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), "dropped", "{host} dropped the connection", _NETWORK_HINT),
    (
        (ssl.SSLError, requests.exceptions.SSLError),
        "tls",
        "TLS: no secure connection to {host} could be made",
        _TLS_HINT,
    ),
    (
        (
            ConnectionError,
            requests.ConnectionError,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
            urllib3.exceptions.HTTPError,
        ),
        "dropped",
        "{host} dropped the connection",
        _NETWORK_HINT,
    ),
    (
        (requests.RequestException, ValueError),
        "unsendable",
        "the request could not be sent as it is",
        "check cvc:endpoint and the credentials for odd characters",
    ),
    # What remains is raised by requests before it connects.
    ((OSError,), "tls", "TLS: the file that REQUESTS_CA_BUNDLE names cannot be read", _TLS_HINT),
)


def _session(max_connections: int) -> requests.Session:
    session = requests.Session()
    adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=max_connections, pool_block=True)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk through all that led to an error: urllib3 hides it in `args`, `reason`, the cause and the context."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]


class _WithoutQuery(logging.Filter):
    """urllib3 logs every URL at DEBUG, and with HMAC-SHA1 the signature is in the query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.partition("?")[0] if isinstance(arg, str) and "Signature=" in arg else arg for arg in record.args
            )
        return True


_without_query = _WithoutQuery()


def hide_queries_in_logs() -> None:
    """Keep signed URLs out of urllib3's log; may be called again."""
    logging.getLogger("urllib3.connectionpool").addFilter(_without_query)
