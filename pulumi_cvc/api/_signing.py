"""Both of the vendor's signatures, each in named stages; time stamp and nonce are passed in.

Sources: Alibaba Cloud, "V3 request structure and signature" and "V2 request structure and signature (RPC)".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote, urlencode

from pulumi_cvc.api._credentials import Credentials

ACS3_HMAC_SHA256: Final = "acs3-hmac-sha256"
HMAC_SHA1: Final = "hmac-sha1"

_VERSION = "2019-10-30"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """What is asked, before it is signed; *form* is empty for the actions that only read."""

    host: str
    region_id: str
    action: str
    query: Mapping[str, str]
    form: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Signed:
    """A request as it goes out: POST ``/?query_string``. *signature* is here so that no error can show it."""

    query_string: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    signature: str = field(repr=False)


class Sign(Protocol):
    """Signs a call; *timestamp* is UTC such as ``2026-01-02T03:04:05Z``, *nonce* is used once."""

    def __call__(self, call: Call, credentials: Credentials, timestamp: str, nonce: str) -> Signed:
        """Sign."""


def percent_encode(text: str) -> str:
    """Encode everything but ``A-Za-z0-9-_.~`` as UTF-8 (RFC 3986)."""
    return quote(text, safe="-_.~")


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Sort by name and encode; empty values are kept."""
    return "&".join(f"{percent_encode(name)}={percent_encode(parameters[name])}" for name in sorted(parameters))


def sign_acs3_hmac_sha256(call: Call, credentials: Credentials, timestamp: str, nonce: str) -> Signed:
    """Sign with V3, which the vendor recommends."""
    body = urlencode(call.form).encode("ascii")
    headers = {
        "host": call.host,
        "x-acs-action": call.action,
        "x-acs-version": _VERSION,
        "x-acs-date": timestamp,
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    }
    if body:
        headers["content-type"] = _FORM
    if credentials.security_token:
        headers["x-acs-accesskey-id"] = credentials.access_key_id
        headers["x-acs-security-token"] = credentials.security_token
    request = acs3_canonical_request("POST", call.query, headers)
    signature = acs3_signature(acs3_string_to_sign(request), credentials.access_key_secret)
    headers["authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={credentials.access_key_id},"
        f"SignedHeaders={';'.join(sorted(headers))},Signature={signature}"
    )
    return Signed(canonical_query(call.query), headers, body, signature)


def acs3_canonical_request(method: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Stage 1 of V3: the request in one fixed form; *headers* have lower-case names and all of them are signed."""
    names = sorted(headers)
    header_lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    content_hash = headers["x-acs-content-sha256"]
    return "\n".join([method, "/", canonical_query(query), header_lines, ";".join(names), content_hash])


def acs3_string_to_sign(canonical_request: str) -> str:
    """Stage 2 of V3: the algorithm and the request's hash."""
    return "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical_request.encode()).hexdigest()


def acs3_signature(string_to_sign: str, access_key_secret: str) -> str:
    """Stage 3 of V3: the hexadecimal signature."""
    return hmac.new(access_key_secret.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()


def sign_hmac_sha1(call: Call, credentials: Credentials, timestamp: str, nonce: str) -> Signed:
    """Sign with HMAC-SHA1, as the official CVC SDKs do: what is common to all actions travels in the query."""
    query = {
        **call.query,
        "Version": _VERSION,
        "Action": call.action,
        "Format": "JSON",
        "RegionId": call.region_id,
        "Timestamp": timestamp,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureType": "",
        "SignatureVersion": "1.0",
        "SignatureNonce": nonce,
        "AccessKeyId": credentials.access_key_id,
    }
    if credentials.security_token:
        query["SecurityToken"] = credentials.security_token
    signature = hmac_sha1_signature(
        hmac_sha1_string_to_sign("POST", {**query, **call.form}), credentials.access_key_secret
    )
    query_string = canonical_query({**query, "Signature": signature})
    headers = {"host": call.host} | ({"content-type": _FORM} if call.form else {})
    return Signed(query_string, headers, urlencode(call.form).encode("ascii"), signature)


def hmac_sha1_string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """Stage 2 of HMAC-SHA1, after `canonical_query`: *parameters* are those of query and form."""
    return f"{method}&%2F&{percent_encode(canonical_query(parameters))}"


def hmac_sha1_signature(string_to_sign: str, access_key_secret: str) -> str:
    """Stage 3 of HMAC-SHA1: the signature in base64."""
    digest = hmac.new(f"{access_key_secret}&".encode(), string_to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


SIGNERS: Final[Mapping[str, Sign]] = {
    ACS3_HMAC_SHA256: sign_acs3_hmac_sha256,
    HMAC_SHA1: sign_hmac_sha1,
}
