"""Both kinds of signature: the vendor's vectors, and what has to be refused."""

import base64
import json
import urllib.parse
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pulumi_cvc.emulator import AccessKey
from pulumi_cvc.emulator import _signatures as signatures

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "signatures.json").read_text(encoding="utf-8"))
HARD_IDS = ["张三 *~/+", "a b", "*", "~", "+", "/", "%", "&=", "'\"", "\n", "😀"]
SIGNED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc).timestamp()


def named(kind):
    return [pytest.param(vector, id=vector["name"]) for vector in GOLDEN[kind]]


@pytest.mark.parametrize("vector", named("acs3_hmac_sha256"))
def test_each_stage_of_v3_gives_the_vendors_text(vector):
    """Canonical request, string to sign and signature are the published ones."""
    query = urllib.parse.urlencode(vector["query"])
    request = signatures.Request(vector["method"], query, vector["headers"], vector["body"].encode())
    canonical = signatures.acs3_canonical_request(request, list(vector["headers"]))
    assert canonical == vector["canonical_request"]
    assert signatures.acs3_string_to_sign(canonical) == vector["string_to_sign"]
    assert signatures.acs3_signature(vector["string_to_sign"], vector["access_key_secret"]) == vector["signature"]


@pytest.mark.parametrize("vector", named("hmac_sha1"))
def test_each_stage_of_hmac_sha1_gives_the_vendors_text(vector):
    """Canonical query, string to sign and signature are the published ones."""
    parameters = vector["parameters"]
    assert signatures.canonical_query(parameters.items()) == vector["canonical_query"]
    assert signatures.sha1_string_to_sign(vector["method"], parameters) == vector["string_to_sign"]
    assert signatures.sha1_signature(vector["string_to_sign"], vector["access_key_secret"]) == vector["signature"]


@pytest.mark.parametrize("name", ["cvc_create_user", "cvc_get_user_chinese_id"])
def test_v3_vectors_pass_on_the_wire(name, run, session, golden):
    """A request signed by the vendor's own client, for the real host, is let through."""
    vector = next(vector for vector in golden["acs3_hmac_sha256"] if vector["name"] == name)
    emulator, client = run(clock=lambda: SIGNED_AT)
    names = ";".join(sorted(vector["headers"]))
    authorization = f"ACS3-HMAC-SHA256 Credential=testid,SignedHeaders={names},Signature={vector['signature']}"
    headers = {**vector["headers"], "authorization": authorization}
    query = urllib.parse.urlencode(vector["query"])
    answer = session.send(client.prepared("POST", query, headers, vector["body"].encode()))
    assert answer.status_code == 200
    assert emulator.requests()[-1]["outcome"].startswith("ErrorCode")


def test_the_hmac_sha1_vector_passes_on_the_wire(run, session, golden):
    """What the vendor's Python client signs is let through, though the form spells space, * and ~ otherwise."""
    vector = golden["hmac_sha1"][-1]
    emulator, client = run(clock=lambda: SIGNED_AT)
    form = {name: vector["parameters"][name] for name in ("Count", "UserInfo")}
    query = {name: value for name, value in vector["parameters"].items() if name not in form}
    query["Signature"] = vector["signature"]
    headers = {"content-type": "application/x-www-form-urlencoded", "x-acs-action": "CreateUser"}
    body = urllib.parse.urlencode(form).encode()
    assert session.send(client.prepared("POST", urllib.parse.urlencode(query), headers, body)).json()["Success"]
    assert [user["userId"] for user in emulator.users()] == ["1 2*~"]


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
@pytest.mark.parametrize("user_id", HARD_IDS)
def test_any_character_passes_both_kinds(kind, user_id, emulator, connect, zhang):
    """Ids with characters that encodings treat differently arrive as they are, in query and form."""
    client = connect(emulator, kind=kind)
    assert client.create(zhang | {"userId": user_id})["Success"]
    assert client.get(user_id)["UserInfo"]["UserId"] == user_id
    assert client.delete(user_id)["Success"]
    assert emulator.users() == []


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
def test_get_is_accepted_too(kind, emulator, connect, zhang):
    """A GET is signed with its method, both ways."""
    emulator.put_user(zhang)
    answer = connect(emulator, kind=kind).send("GetUser", query={"UserId": "123"}, method="GET")
    assert answer.json()["UserInfo"]["UserName"] == "张三"


def test_batch_parameters_are_accepted_from_the_query(emulator, connect, zhang):
    """An older PHP client sends them there, in a POST without a body."""
    query = {"Count": "1", "UserInfo": json.dumps([zhang])}
    assert connect(emulator, kind="sha1").send("CreateUser", query=query).json()["Success"]
    assert len(emulator.users()) == 1


def test_v3_refuses_a_wrong_secret_in_the_known_words(emulator, connect):
    """The message holds the server's string to sign in brackets."""
    answer = connect(emulator, secret="wrong").send("GetUser", query={"UserId": "1"})
    assert (answer.status_code, answer.json()["Code"]) == (400, "SignatureDoesNotMatch")
    opening = "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n"
    assert answer.json()["Message"].startswith(opening)
    assert answer.json()["Message"].endswith("]")


def test_hmac_sha1_refuses_a_wrong_secret_in_the_known_words(emulator, connect):
    """The message has a colon and then the server's string to sign: the vendor's client splits it there."""
    answer = connect(emulator, kind="sha1", secret="wrong").send("GetUser", query={"UserId": "1"})
    assert (answer.status_code, answer.json()["Code"]) == (400, "SignatureDoesNotMatch")
    words, string_to_sign = answer.json()["Message"].split(":")
    assert words == "Specified signature is not matched with our calculation. server string to sign is"
    assert string_to_sign.startswith("POST&%2F&AccessKeyId%3Dtestid%26Action%3DGetUser%26")


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
def test_a_changed_query_is_refused(kind, emulator, connect, session):
    """The query is under the signature."""
    client = connect(emulator, kind=kind)
    sign = client.acs3 if kind == "acs3" else client.sha1
    request = sign("GetUser", {"UserId": "1"}, {}, "POST", {})
    request.url = request.url.replace("UserId=1", "UserId=2")
    assert session.send(request).json()["Code"] == "SignatureDoesNotMatch"


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
def test_a_changed_body_is_refused(kind, emulator, connect, session, zhang):
    """The form is under the signature."""
    client = connect(emulator, kind=kind)
    sign = client.acs3 if kind == "acs3" else client.sha1
    form = {"Count": "1", "UserInfo": json.dumps([zhang])}
    request = sign("CreateUser", {}, form, "POST", {})
    request.body = request.body.replace(b"123", b"124")
    assert session.send(request).json()["Code"] == "SignatureDoesNotMatch"
    assert emulator.users() == []


def test_a_changed_header_is_refused_if_it_was_signed(client, session):
    """V3 covers the headers that the client lists."""
    request = client.acs3("GetUser", {"UserId": "1"}, {}, "POST", {"accept": "application/json"})
    request.headers["accept"] = "text/html"
    assert session.send(request).json()["Code"] == "SignatureDoesNotMatch"


def test_the_clients_list_of_signed_headers_is_honoured(client):
    """Official clients sign accept, user-agent and more."""
    answer = client.send("GetUser", query={"UserId": "1"}, accept="application/json", user_agent="test")
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"])
def test_a_v3_signature_that_leaves_out_what_matters_is_refused(name, client, session):
    """Whatever the service reads from a header has to be signed."""
    request = client.acs3("GetUser", {"UserId": "1"}, {}, "POST", {})
    authorization = request.headers["authorization"]
    request.headers["authorization"] = authorization.replace(f"{name};", "")
    assert session.send(request).json()["Code"] == "IncompleteSignature"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic dTpw",
        "ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=c",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 ,,=,",
    ],
)
def test_an_authorization_header_of_another_kind_is_refused(authorization, client, session):
    """It is neither V3 nor taken for HMAC-SHA1."""
    request = client.acs3("GetUser", {"UserId": "1"}, {}, "POST", {})
    request.headers["authorization"] = authorization
    assert session.send(request).json()["Code"] == "IncompleteSignature"


@pytest.mark.parametrize("name", ["date", "signature-nonce", "content-sha256", "action", "version"])
def test_v3_headers_are_mandatory(name, client):
    """The code is Missing and the header's name."""
    answer = client.send("GetUser", query={"UserId": "1"}, **{f"x_acs_{name.replace('-', '_')}": None})
    assert answer.status_code == 400
    assert answer.json()["Code"] == f"Missingx-acs-{name}"


@pytest.mark.parametrize(
    "name",
    ["AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Action", "Version"],
)
def test_hmac_sha1_parameters_are_mandatory(name, emulator, connect):
    """The code is Missing and the parameter's name, with the vendor's message."""
    answer = connect(emulator, kind="sha1").send("GetUser", query={"UserId": "1"}, **{name: None})
    assert (answer.status_code, answer.json()["Code"]) == (400, f"Missing{name}")
    assert answer.json()["Message"] == f"{name} is mandatory for this action."


def test_a_request_without_any_signature_is_refused(emulator, session):
    """Nobody gets in without a key."""
    query = {"Action": "GetUser", "Version": "2019-10-30", "UserId": "1"}
    answer = session.post(emulator.url, params=query)
    assert answer.json()["Code"] == "MissingAccessKeyId"


@pytest.mark.parametrize("change", [{"SignatureMethod": "HMAC-SHA256"}, {"SignatureVersion": "2.0"}])
def test_hmac_sha1_of_another_make_is_refused(change, emulator, connect):
    """Method and version are fixed."""
    answer = connect(emulator, kind="sha1").send("GetUser", query={"UserId": "1"}, **change)
    assert answer.json()["Code"] == "IncompleteSignature"


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
def test_an_unknown_key_is_refused(kind, emulator, connect):
    """404, as the gateway has it."""
    answer = connect(emulator, kind=kind, key="nobody").send("GetUser", query={"UserId": "1"})
    assert (answer.status_code, answer.json()["Code"]) == (404, "InvalidAccessKeyId.NotFound")


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
def test_a_nonce_works_once(kind, emulator, connect):
    """The second request with it is refused, and the nonce of a refused signature is not used up."""
    name = "x_acs_signature_nonce" if kind == "acs3" else "SignatureNonce"
    change = {name: f"once-{kind}"}
    wrong = connect(emulator, kind=kind, secret="wrong").send("GetUser", query={"UserId": "1"}, **change)
    assert wrong.json()["Code"] == "SignatureDoesNotMatch"
    client = connect(emulator, kind=kind)
    assert client.send("GetUser", query={"UserId": "1"}, **change).status_code == 200
    again = client.send("GetUser", query={"UserId": "1"}, **change)
    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")


def test_a_nonce_is_remembered_as_long_as_its_time_stamp_can_be_valid(run, clock):
    """A request dated ahead by the whole window cannot be replayed until it is out of it."""
    _, client = run(clock)
    signed = client.acs3("GetUser", {"UserId": "1"}, {}, "POST", {"x-acs-date": "2026-01-02T03:19:05Z"})
    assert client.session.send(signed).status_code == 200
    clock.now += 30 * 60
    assert client.session.send(signed).json()["Code"] == "SignatureNonceUsed"
    clock.now += 1
    assert client.session.send(signed).json()["Code"] == "InvalidTimeStamp.Expired"


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
@pytest.mark.parametrize(
    ("offset_s", "status"), [(0, 200), (900, 200), (-900, 200), (901, 400), (-901, 400), (3600, 400)]
)
def test_the_window_is_15_minutes_either_way(kind, offset_s, status, run, clock, connect):
    """A time stamp further off is expired."""
    emulator, _ = run(clock)
    client = connect(emulator, kind=kind, clock=lambda: clock.now + offset_s)
    answer = client.send("GetUser", query={"UserId": "1"})
    assert answer.status_code == status
    assert answer.json().get("Code") == (None if status == 200 else "InvalidTimeStamp.Expired")


@pytest.mark.parametrize(
    "text",
    ["now", "2026-01-02 03:04:05", "2026-1-2T3:4:5Z", "2026-13-41T03:04:05Z", "2026-01-02T03:04:05+08:00", "٢٠٢٦"],
)
def test_time_stamps_of_another_form_are_refused(text, emulator, connect):
    """The form is the vendor's, and the date has to exist."""
    answer = connect(emulator, kind="sha1").send("GetUser", query={"UserId": "1"}, Timestamp=text)
    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidTimeStamp.Format")


def test_the_date_header_tells_a_client_how_far_its_clock_is_off(run, clock):
    """With clock_offset_s the service is ahead: requests expire, and a client that corrects itself is let in."""
    _, client = run(clock, clock_offset_s=3600)
    answer = client.send("GetUser", query={"UserId": "1"})
    assert answer.json()["Code"] == "InvalidTimeStamp.Expired"
    assert answer.headers["Date"] == "Fri, 02 Jan 2026 04:04:05 GMT"
    client.clock = lambda: clock.now + 3600
    assert client.send("GetUser", query={"UserId": "1"}).status_code == 200


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
@pytest.mark.parametrize(
    ("token", "code"),
    [("sesame", None), (None, "MissingSecurityToken"), ("other", "InvalidSecurityToken.Malformed")],
)
def test_a_temporary_key_needs_its_token(kind, token, code, run, connect):
    """STS: without the token, or with another, nobody gets in."""
    emulator, _ = run(access_keys=(AccessKey("STS.id", "secret", "sesame"), AccessKey("testid", "testsecret")))
    client = connect(emulator, kind=kind, key="STS.id", secret="secret", token=token)
    answer = client.send("GetUser", query={"UserId": "1"})
    assert answer.json().get("Code") == code
    assert connect(emulator, kind=kind, token="sesame").send("GetUser").json()["Code"].endswith(".Malformed")


def test_the_kind_is_told_by_the_authorization_header(emulator, connect, session, zhang):
    """HMAC-SHA1 clients send x-acs-action headers too."""
    emulator.put_user(zhang)
    request = connect(emulator, kind="sha1").sha1("GetUser", {"UserId": "123"}, {}, "POST", {})
    request.headers.update({"x-acs-action": "GetUser", "x-acs-version": "2019-10-30"})
    assert session.send(request).json()["Success"]
    assert emulator.requests()[-1]["signature"] == "hmac-sha1"


def test_the_signature_is_base64_with_plus_and_slash(emulator, connect):
    """HMAC-SHA1 signatures hold + and /, which the query has to spell out; 200 of them pass."""
    client = connect(emulator, kind="sha1")
    signed = [client.sha1("GetUser", {"UserId": "1"}, {}, "POST", {}) for _ in range(200)]
    assert any("%2B" in request.url for request in signed)
    assert all(client.session.send(request).status_code == 200 for request in signed[:50])
    assert base64.b64decode(signatures.sha1_signature("x", "y"))
