"""What the gateway and the proxy in front of it refuse, and that nothing at all upsets them."""

import itertools
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_cvc.emulator._gateway import KNOWN

VENDORS_TABLE = [
    ("InvalidAction.NotFound", 404, "Specified api is not found, please check your url and method."),
    ("InvalidVersion", 400, "Specified parameter Version is not valid."),
    ("InvalidAccessKeyId.NotFound", 404, "Specified access key is not found."),
    ("InvalidAccessKeyId.Inactive", 400, "Specified access key is disabled."),
    ("SignatureNonceUsed", 400, "Specified signature nonce was used already."),
    ("InvalidTimeStamp.Format", 400, "Specified time stamp or date value is not well formatted."),
    ("InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired."),
    (
        "Forbidden.RAM",
        403,
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    ("NoPermission", 403, "You are not authorized to do this action. You should be authorized by RAM."),
    ("Throttling", 400, "Request was denied due to request throttling."),
    ("Throttling.User", 400, "Request was denied due to user flow control."),
    ("Throttling.Api", 400, "Request was denied due to api flow control."),
    (
        "InternalError",
        500,
        "The request processing has failed due to some unknown error, exception or failure.",
    ),
    ("ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server."),
    ("InvalidSecurityToken.Expired", 400, "Specified SecurityToken is expired"),
    ("InvalidSecurityToken.Malformed", 400, "Specified SecurityToken is malformed"),
    ("MissingSecurityToken", 400, "SecurityToken is mandatory for this action."),
]


@pytest.mark.parametrize(("code", "status", "message"), VENDORS_TABLE)
def test_a_gateway_error_is_as_in_the_vendors_table(code, status, message, emulator, client):
    """Status, Code and Message by the code alone; beside them RequestId, HostId and Recommend."""
    emulator.add_faults([{"fault": "error", "code": code}])
    answer = client.send("GetUser", query={"UserId": "1"})
    body = answer.json()
    assert (answer.status_code, body["Code"], body["Message"]) == (status, code, message)
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert re.fullmatch(r"[0-9A-F-]{36}", body["RequestId"])
    assert body["HostId"] == emulator.url.removeprefix("http://")
    assert body["RequestId"] in body["Recommend"]
    assert answer.headers["Content-Type"].startswith("application/json")


def test_no_row_of_the_table_is_without_a_test():
    """But SignatureDoesNotMatch, whose message is not a constant, and one guess."""
    assert set(KNOWN) - {code for code, _, _ in VENDORS_TABLE} == {"SignatureDoesNotMatch", "IncompleteSignature"}


@pytest.mark.parametrize(
    ("kind", "action"),
    # As a header, the value of a V3 request's action is ASCII.
    [("sha1", "张三"), *itertools.product(["acs3", "sha1"], ["ListUsers", "getUser", "x" * 1000])],
)
def test_other_actions_are_not_found(kind, action, emulator, connect):
    """ListUsers too: the document does not have it."""
    answer = connect(emulator, kind=kind).send(action)
    assert (answer.status_code, answer.json()["Code"]) == (404, "InvalidAction.NotFound")


@pytest.mark.parametrize("change", [{"kind": "acs3", "x_acs_version": "2020-01-01"}, {"kind": "sha1", "Version": "1"}])
def test_other_versions_are_not_valid(change, emulator, connect):
    """The one version is 2019-10-30."""
    client = connect(emulator, kind=change.pop("kind"))
    assert client.send("GetUser", query={"UserId": "1"}, **change).json()["Code"] == "InvalidVersion"


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("CreateUser", "Count"),
        ("CreateUser", "UserInfo"),
        ("DeleteUser", "Count"),
        ("DeleteUser", "UserInfo"),
        ("GetUser", "UserId"),
        ("ListMembers", "MeetingUUID"),
    ],
)
@pytest.mark.parametrize("empty", [True, False])
def test_parameters_are_mandatory(kind, action, name, empty, emulator, connect):
    """Left out or empty: Missing and the parameter's name."""
    form = {"Count": "1", "UserInfo": "[]", "UserId": "1", "MeetingUUID": "1"}
    form = form | {name: ""} if empty else {key: value for key, value in form.items() if key != name}
    answer = connect(emulator, kind=kind).send(action, form=form)
    assert (answer.status_code, answer.json()["Code"]) == (400, f"Missing{name}")
    assert answer.json()["Message"] == f"{name} is mandatory for this action."


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_other_methods_are_not_found(method, client):
    """Only GET and POST are."""
    answer = client.send("GetUser", query={"UserId": "1"}, method=method)
    assert (answer.status_code, answer.json()["Code"]) == (404, "InvalidAction.NotFound")


@pytest.mark.parametrize("path", ["/users", "//", "/%0A", "/%ff"])
def test_other_paths_are_not_found(path, emulator, session):
    """There is nothing but the root."""
    assert session.post(emulator.url + path).json()["Code"] == "InvalidAction.NotFound"


@pytest.mark.parametrize("length", [8_193, 100_000, 4_000_000])
def test_a_url_that_is_too_long_gets_a_page_of_html(length, client):
    """414 from the front proxy, which knows no JSON."""
    answer = client.send("GetUser", query={"UserId": "x" * length})
    assert answer.status_code == 414
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")


def test_a_url_of_eight_kilobytes_passes(client):
    """The limit is beyond any id."""
    assert client.send("GetUser", query={"UserId": "x" * 8000}).status_code == 200


def test_a_body_that_is_too_large_is_refused(client):
    """413 from the front proxy, and the next request passes."""
    answer = client.send("CreateUser", form={"Count": "1", "UserInfo": "x" * (33 << 20)})
    assert answer.status_code == 413
    assert client.send("GetUser", query={"UserId": "1"}).status_code == 200


def test_a_form_without_body_and_content_length_works(client, emulator, zhang):
    """The vendor's Java client sends GetUser so."""
    emulator.put_user(zhang)
    change = {"content-type": "application/x-www-form-urlencoded"}
    request = client.acs3("GetUser", {"UserId": "123"}, {}, "POST", change)
    assert "content-length" not in {name.lower() for name in request.headers} or request.headers.pop("Content-Length")
    lines = [f"POST /{request.url.removeprefix(client.url + '/')} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    answer = raw(emulator, "\r\n".join([*lines, "Connection: close", "", ""]).encode())
    assert b'"Success":true' in answer


def test_a_body_of_another_type_holds_no_parameters(client):
    """JSON, say."""
    answer = client.send("GetUser", form={"UserId": "1"}, content_type="application/json")
    assert answer.json()["Code"] == "MissingUserId"


def test_throttling_beyond_the_allowed_rate(run, clock):
    """--qps: what is more in any one second is throttled, and told how many ms to wait."""
    _, client = run(clock, qps=2)
    statuses = []
    for step in (0, 0.25, 0.5, 0.25):
        clock.now += step
        statuses.append(client.send("GetUser", query={"UserId": "1"}))
    assert [answer.status_code for answer in statuses] == [200, 200, 400, 200]
    assert statuses[2].json()["Code"] == "Throttling.User"
    assert statuses[2].headers["x-acs-retry-after"] == "250"


def test_latency_holds_every_answer_back_side_by_side(run):
    """--latency: 64 requests at once take hardly longer than one."""
    _, client = run(latency_s=0.05)
    start = time.perf_counter()
    client.send("GetUser", query={"UserId": "1"})
    one = time.perf_counter() - start
    with ThreadPoolExecutor(64) as pool:
        start = time.perf_counter()
        answers = list(pool.map(lambda number: client.get(str(number)), range(64)))
        many = time.perf_counter() - start
    assert one >= 0.05
    assert len(answers) == 64
    assert many < 64 * 0.05 / 3


def test_requests_that_are_under_way_are_counted(run):
    """InFlight says how many there were when one arrived."""
    emulator, client = run(latency_s=0.1)
    barrier = threading.Barrier(8)

    def call(number):
        barrier.wait()
        return client.get(str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(8)))
    assert max(entry["inFlight"] for entry in emulator.requests()) > 1
    client.get("1")
    assert emulator.requests()[-1]["inFlight"] == 1


def raw(emulator, data, *, ends=False):
    """Send bytes and give what comes back; without an end, they have to ask for the connection to be closed."""
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=10) as connection:
        connection.sendall(data)
        if ends:  # which the service may take for a client that has gone away
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


ANYTHING = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@ANYTHING
@given(data=st.binary(min_size=1, max_size=200))
def test_random_bytes_do_no_harm(data, emulator):
    """At most a clean 4xx comes back, and the service goes on."""
    answer = raw(emulator, data, ends=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert emulator.users() == []


@ANYTHING
@given(
    path=st.binary(max_size=40).map(lambda data: data.hex(sep="%", bytes_per_sep=1)),
    query=st.binary(max_size=60).map(lambda data: data.translate(None, b" \r\n\t#")),
    body=st.binary(max_size=200),
    header=st.sampled_from(["authorization", "content-type", "x-acs-action", "host"]),
    value=st.binary(max_size=60).map(lambda data: data.translate(None, bytes(range(32)) + b"\x7f")),
)
def test_random_requests_get_a_clean_refusal(path, query, body, header, value, emulator):
    """Whatever is in path, query, headers and body."""
    target = b"/" + (f"%{path}".encode() if path else b"") + b"?" + bytes(byte for byte in query if 33 <= byte < 127)
    head = b"POST " + target + b" HTTP/1.1\r\n" + (b"host: a\r\n" if header != "host" else b"")
    head += header.encode() + b": " + value + b"\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    assert raw(emulator, head + body).startswith(b"HTTP/1.1 4")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["userId", "userName", "groupId", "groupName", "userTel"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@ANYTHING
@given(value=JSON, count=st.integers(), action=st.sampled_from(["CreateUser", "DeleteUser"]))
def test_any_json_gets_an_answer(value, count, action, client):
    """Signed as it should be, with any JSON as UserInfo, lone surrogates included."""
    for number in (count, len(value) if isinstance(value, list) else 1):
        answer = client.send(action, form={"Count": str(number), "UserInfo": dumps(value)})
        assert answer.status_code == 200
        assert isinstance(answer.json()["Success"], bool)


@ANYTHING
@given(user_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_any_text_is_an_id(user_id, client, emulator, zhang):
    """NUL, line breaks and all: created, read, seen through the second door, deleted."""
    assert client.create(zhang | {"userId": user_id})["Success"]
    assert client.get(user_id)["UserInfo"]["UserId"] == user_id
    assert emulator.user(user_id)["userId"] == user_id
    assert client.delete(user_id)["Success"]


@pytest.mark.parametrize("kind", ["acs3", "sha1"])
@pytest.mark.parametrize("body", [b"\xff\xfe=\xff&UserInfo=%FF%FE&Count=1", b"UserInfo=%ED%A0%80&Count=1", b"&&==&%"])
def test_bodies_that_are_not_utf8_are_refused(kind, body, emulator, connect, session):
    """Neither kind of signature stumbles over them."""
    client = connect(emulator, kind=kind)
    sign = client.acs3 if kind == "acs3" else client.sha1
    request = sign("CreateUser", {}, {"Count": "1"}, "POST", {})
    request.body = body
    request.headers["Content-Length"] = str(len(body))
    answer = session.send(request)
    assert answer.status_code == 400
    assert answer.json()["Code"] == "SignatureDoesNotMatch"


def dumps(value):
    import json  # noqa: PLC0415

    return json.dumps(value)
