"""Each stage is tested with the vector's own input for it, so the test that fails names the stage that differs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cvc.api import Credentials, _signing

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "signatures.json").read_text(encoding="utf-8"))
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

SHA1_STAGES = {
    "canonical_query": lambda v: _signing.canonical_query(v["parameters"]),
    "string_to_sign": lambda v: _signing.hmac_sha1_string_to_sign(v["method"], v["parameters"]),
    "signature": lambda v: _signing.hmac_sha1_signature(v["string_to_sign"], v["access_key_secret"]),
}
ACS3_STAGES = {
    "canonical_request": lambda v: _signing.acs3_canonical_request(v["method"], v["query"], v["headers"]),
    "string_to_sign": lambda v: _signing.acs3_string_to_sign(v["canonical_request"]),
    "signature": lambda v: _signing.acs3_signature(v["string_to_sign"], v["access_key_secret"]),
}

texts = st.text(st.characters(exclude_categories=["Cs"]))
parameters = st.dictionaries(texts, texts, max_size=5)


def vector(kind, name):
    return next(vector for vector in GOLDEN[kind] if vector["name"] == name)


@pytest.mark.parametrize("stage", SHA1_STAGES)
@pytest.mark.parametrize("vector", GOLDEN["hmac_sha1"], ids=lambda vector: vector["name"])
def test_hmac_sha1_stage_is_as_published(vector, stage):
    assert SHA1_STAGES[stage](vector) == vector[stage]


@pytest.mark.parametrize("stage", ACS3_STAGES)
@pytest.mark.parametrize("vector", GOLDEN["acs3_hmac_sha256"], ids=lambda vector: vector["name"])
def test_acs3_stage_is_as_published(vector, stage):
    assert ACS3_STAGES[stage](vector) == vector[stage]


def cvc_call(action, query, form):
    return _signing.Call("aliyuncvc.cn-hangzhou.aliyuncs.com", "cn-hangzhou", action, query, form)


@pytest.mark.parametrize(
    ("name", "action"), [("cvc_create_user", "CreateUser"), ("cvc_get_user_chinese_id", "GetUser")]
)
def test_acs3_request_is_the_official_clients(name, action):
    expected = vector("acs3_hmac_sha256", name)
    call = cvc_call(action, expected["query"], dict(parse_qsl(expected["body"])))
    signed = _signing.sign_acs3_hmac_sha256(
        call,
        Credentials("testid", "testsecret"),
        expected["headers"]["x-acs-date"],
        expected["headers"]["x-acs-signature-nonce"],
    )
    authorization = signed.headers["authorization"]
    assert signed.body.decode() == expected["body"]
    assert {**signed.headers, "authorization": ""} == expected["headers"] | {"authorization": ""}
    assert signed.query_string == expected["canonical_request"].split("\n")[2]
    assert authorization == (
        f"ACS3-HMAC-SHA256 Credential=testid,SignedHeaders={';'.join(sorted(expected['headers']))},"
        f"Signature={expected['signature']}"
    )


def test_hmac_sha1_request_is_the_official_sdks():
    expected = vector("hmac_sha1", "cvc_create_user")
    form = {name: expected["parameters"][name] for name in ("Count", "UserInfo")}
    signed = _signing.sign_hmac_sha1(
        cvc_call("CreateUser", {}, form),
        Credentials("testid", "testsecret"),
        "2026-01-02T03:04:05Z",
        "0123456789abcdef",
    )
    sent = dict(parse_qsl(signed.query_string, keep_blank_values=True))
    assert sent.pop("Signature") == expected["signature"]
    assert sent | form == expected["parameters"]
    assert dict(parse_qsl(signed.body.decode())) == form


@pytest.mark.parametrize("sign", _signing.SIGNERS.values(), ids=_signing.SIGNERS)
def test_temporary_keys_carry_their_token(sign):
    signed = sign(cvc_call("GetUser", {"UserId": "1"}, {}), Credentials("testid", "s", "to/ken="), "t", "n")
    token = signed.headers.get("x-acs-security-token") or dict(parse_qsl(signed.query_string)).get("SecurityToken")
    assert token == "to/ken="
    if "authorization" in signed.headers:
        assert "x-acs-accesskey-id;" in signed.headers["authorization"]
        assert ";x-acs-security-token;" in signed.headers["authorization"]


@pytest.mark.parametrize("sign", _signing.SIGNERS.values(), ids=_signing.SIGNERS)
def test_permanent_keys_carry_no_token(sign):
    signed = sign(cvc_call("GetUser", {"UserId": "1"}, {}), Credentials("testid", "s"), "t", "n")
    assert "token" not in f"{signed.headers}{signed.query_string}".lower()


@pytest.mark.parametrize("sign", _signing.SIGNERS.values(), ids=_signing.SIGNERS)
@pytest.mark.parametrize("changed", ["call", "secret", "timestamp", "nonce"])
def test_everything_is_signed(sign, changed):
    given_ = {
        "call": cvc_call("GetUser", {"UserId": "1"}, {}),
        "secret": Credentials("testid", "a"),
        "timestamp": "t",
        "nonce": "n",
    }
    other = {
        "call": cvc_call("GetUser", {"UserId": "2"}, {}),
        "secret": Credentials("testid", "b"),
        "timestamp": "u",
        "nonce": "o",
    }
    assert sign(*given_.values()).signature != sign(*(given_ | {changed: other[changed]}).values()).signature


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("张三", "%E5%BC%A0%E4%B8%89"), (" ", "%20"), ("*", "%2A"), ("~", "~"), ("/", "%2F"), ("+", "%2B"), ("%", "%25")],
)
def test_special_characters(text, encoded):
    assert _signing.percent_encode(text) == encoded


@given(texts)
def test_percent_encoding_is_that_of_every_byte(text):
    independent = "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode())
    assert _signing.percent_encode(text) == independent


@given(parameters)
def test_canonical_query_is_sorted_and_loses_nothing(parameters):
    query = _signing.canonical_query(parameters)
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=bool(parameters)) == sorted(parameters.items())
    assert "+" not in query
    assert "*" not in query


@given(parameters, parameters)
def test_hmac_sha1_signs_what_a_server_decodes_from_the_wire(query, form):
    """A server decodes both places and encodes anew, as the vendor's document has it."""
    credentials = Credentials("testid", "testsecret")
    signed = _signing.sign_hmac_sha1(cvc_call("GetUser", query, form), credentials, "t", "n")
    sent = dict(parse_qsl(signed.query_string, keep_blank_values=True))
    signature = sent.pop("Signature")
    sent |= dict(parse_qsl(signed.body.decode(), keep_blank_values=True))
    to_sign = _signing.hmac_sha1_string_to_sign("POST", sent)
    assert signature == _signing.hmac_sha1_signature(to_sign, "testsecret")
    assert len(base64.b64decode(signature)) == 20


def test_repr_shows_no_secret_and_no_signature():
    credentials = Credentials("testid", "testsecret", "testtoken")
    for sign in _signing.SIGNERS.values():
        call = cvc_call("CreateUser", {}, {"UserInfo": '[{"userName":"张三"}]'})
        signed = sign(call, credentials, "t", "n")
        shown = f"{credentials!r}{call!r}{signed!r}{credentials}{call}{signed}"
        assert not [secret for secret in ("testid", "testsecret", "testtoken", "张三") if secret in shown]
        assert signed.signature not in shown
