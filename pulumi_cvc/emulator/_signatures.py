"""Both kinds of signature, verified as the vendor publishes them.

V3 is ``ACS3-HMAC-SHA256``: in headers, over the query, the headers that the client says it signed, and the
hash of the body. The older one is ``HMAC-SHA1``: in a parameter, over all other parameters of query and form.
A request is V3 if it has an ``Authorization`` header: clients of the older kind send ``x-acs-action`` headers
too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote

from ._gateway import GatewayError, missing
from ._options import AccessKey

ACS3 = "ACS3-HMAC-SHA256"
HMAC_SHA1 = "HMAC-SHA1"
WINDOW_S = 15 * 60

# Read from the headers by this service, so a signature that leaves one of them out would prove nothing.
_MUST_BE_SIGNED = (
    "host",
    "x-acs-action",
    "x-acs-version",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-content-sha256",
)
_SHA1_MANDATORY = (
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
)
_TIME_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    """A request as far as signatures go. Header names are in lower case; *query* is as on the wire."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_acs3(self) -> bool:
        """Whether the request is signed the V3 way."""
        return "authorization" in self.headers

    def query_parameters(self) -> list[tuple[str, str]]:
        """Decode the query."""
        return _decode(self.query)

    def parameters(self) -> dict[str, str]:
        """Decode query and form; the form wins."""
        parameters = dict(self.query_parameters())
        if self.headers.get("content-type", _FORM).strip().lower().startswith(_FORM):
            parameters.update(_decode(self.body.decode("utf-8", "replace")))
        return parameters


def _decode(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def percent_encode(text: str) -> str:
    """Encode all but ``A-Za-z0-9-_.~``."""
    return quote(text, safe="")


def canonical_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Sort, encode and join: the same in both kinds."""
    return "&".join(f"{percent_encode(name)}={percent_encode(value)}" for name, value in sorted(parameters))


def acs3_canonical_request(request: Request, signed_headers: Sequence[str]) -> str:
    """Give the canonical request of V3, for the path ``/``."""
    names = sorted(signed_headers)
    lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    body_hash = hashlib.sha256(request.body).hexdigest()
    query = canonical_query(request.query_parameters())
    return "\n".join((request.method, "/", query, lines, ";".join(names), body_hash))


def acs3_string_to_sign(canonical_request: str) -> str:
    """Hash the canonical request; header values are Latin-1, as HTTP has it."""
    return f"{ACS3}\n{hashlib.sha256(canonical_request.encode('latin-1')).hexdigest()}"


def acs3_signature(string_to_sign: str, secret: str) -> str:
    """Sign with the bare secret; hex."""
    return hmac.new(secret.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()


def sha1_string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """Give the older kind's string to sign, over all *parameters* but ``Signature``."""
    query = canonical_query((name, value) for name, value in parameters.items() if name != "Signature")
    # The query is encoded once already, so these are the only characters that a second encoding changes.
    encoded = query.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    return f"{method}&%2F&{encoded}"


def sha1_signature(string_to_sign: str, secret: str) -> str:
    """Sign with the secret and ``&``; base64."""
    mac = hmac.new(f"{secret}&".encode(), string_to_sign.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


class Verifier:
    """Decides whether a request is from somebody who holds one of *access_keys*, and is fresh."""

    def __init__(self, access_keys: Iterable[AccessKey], clock: Callable[[], float]) -> None:
        self._keys = {key.id: key for key in access_keys}
        self._clock = clock
        self._nonces: set[tuple[str, str]] = set()
        self._nonces_by_age: deque[tuple[float, tuple[str, str]]] = deque()

    def verify(self, request: Request, parameters: Mapping[str, str]) -> None:
        """Raise GatewayError unless the signature is right; its nonce is then used up."""
        if request.is_acs3:
            self._verify_acs3(request)
        else:
            self._verify_sha1(request.method, parameters)

    def _verify_acs3(self, request: Request) -> None:
        headers = request.headers
        key_id, signed_headers, signature = _parse_authorization(headers["authorization"])
        for name in _MUST_BE_SIGNED:
            if not headers.get(name):
                raise missing(name)
        for name in (*_MUST_BE_SIGNED, "x-acs-security-token"):
            if name in headers and name not in signed_headers:
                raise GatewayError("IncompleteSignature")
        self._check_time_stamp(headers["x-acs-date"])
        key = self._key(key_id, headers.get("x-acs-security-token", ""))
        to_sign = acs3_string_to_sign(acs3_canonical_request(request, signed_headers))
        if not _same(signature, acs3_signature(to_sign, key.secret)):
            msg = f"Specified signature does not match our calculation. server StringToSign is [{to_sign}]"
            raise GatewayError("SignatureDoesNotMatch", msg)
        self._use_nonce(key_id, headers["x-acs-signature-nonce"])

    def _verify_sha1(self, method: str, parameters: Mapping[str, str]) -> None:
        for name in _SHA1_MANDATORY:
            if not parameters.get(name):
                raise missing(name)
        if (parameters["SignatureMethod"], parameters["SignatureVersion"]) != (HMAC_SHA1, "1.0"):
            raise GatewayError("IncompleteSignature")
        self._check_time_stamp(parameters["Timestamp"])
        key = self._key(parameters["AccessKeyId"], parameters.get("SecurityToken", ""))
        to_sign = sha1_string_to_sign(method, parameters)
        if not _same(parameters["Signature"], sha1_signature(to_sign, key.secret)):
            msg = f"Specified signature is not matched with our calculation. server string to sign is:{to_sign}"
            raise GatewayError("SignatureDoesNotMatch", msg)
        self._use_nonce(key.id, parameters["SignatureNonce"])

    def _check_time_stamp(self, text: str) -> None:
        if not _TIME_STAMP.fullmatch(text):
            raise GatewayError("InvalidTimeStamp.Format")
        try:
            moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        except ValueError:
            raise GatewayError("InvalidTimeStamp.Format") from None
        if abs(moment.timestamp() - self._clock()) > WINDOW_S:
            raise GatewayError("InvalidTimeStamp.Expired")

    def _key(self, key_id: str, token: str) -> AccessKey:
        key = self._keys.get(key_id)
        if key is None:
            raise GatewayError("InvalidAccessKeyId.NotFound")
        if key.token and not token:
            raise GatewayError("MissingSecurityToken")
        # A guess: the vendor does not say which code a token of some other key gets.
        if not _same(token, key.token or ""):
            raise GatewayError("InvalidSecurityToken.Malformed")
        return key

    def _use_nonce(self, key_id: str, nonce: str) -> None:
        now = self._clock()
        # A time stamp may lie ahead by the window, and the request stays valid for the window after that.
        while self._nonces_by_age and self._nonces_by_age[0][0] < now - 2 * WINDOW_S:
            self._nonces.discard(self._nonces_by_age.popleft()[1])
        if (key_id, nonce) in self._nonces:
            raise GatewayError("SignatureNonceUsed")
        self._nonces.add((key_id, nonce))
        self._nonces_by_age.append((now, (key_id, nonce)))


def _parse_authorization(header: str) -> tuple[str, list[str], str]:
    kind, _, rest = header.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    try:
        key_id, signed_headers, signature = parts["Credential"], parts["SignedHeaders"], parts["Signature"]
    except KeyError:
        kind = ""
    if kind != ACS3:
        raise GatewayError("IncompleteSignature")
    return key_id, signed_headers.lower().split(";"), signature


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
