"""Every fault ends in one clear line, or in nothing at all; nothing is written by halves, nothing is lost."""

import contextlib
import socket
import ssl
import threading

import pytest
import trustme

NAME, MOBILE = "张三丰", "13900000000"
CHANGED = f"""cvc.User("zhang", user_id="123", user_name="{NAME}", user_mobile="{MOBILE}", **ACME)"""


def last_line_of_error(outcome):
    """Give the line that explains: the dynamic host puts a traceback before it."""
    lines = [line.strip() for line in outcome.text.splitlines()]
    return next(line for line in lines if line.startswith("pulumi_cvc.") or "has a problem: " in line)


CONFIGURED = {
    "wrong secret": ({"cvc:accessKeySecret": "wrong"}, "check the AccessKey secret"),
    "unknown key": ({"cvc:accessKeyId": "nobody"}, "InvalidAccessKeyId.NotFound"),
    "half a key": ({"cvc:accessKeySecret": ""}, "cvc:accessKeyId is set, but not cvc:accessKeySecret"),
    "plain http": ({"cvc:endpoint": "http://cvc.example"}, "cvc:endpoint (or CVC_ENDPOINT) is wrong"),
    "unreachable": ({"cvc:endpoint": "http://127.0.0.1:9"}, "127.0.0.1:9 refused the connection"),
}
SPOILED = {
    "expired token": ({"fault": "error", "code": "InvalidSecurityToken.Expired"}, "InvalidSecurityToken.Expired"),
    "no permission": ({"fault": "error", "code": "Forbidden.RAM"}, "AliyunCVCFullAccess"),
    "a page of HTML": ({"fault": "html", "status": 502}, "the answer is HTML, not one of CVC's (HTTP 502"),
    "broken JSON": ({"fault": "garbage"}, "the answer is not JSON"),
    "an empty body": ({"fault": "empty"}, "the answer is empty"),
    "a refusal": ({"fault": "errorCode", "errorCode": 1001, "message": f"bad: {MOBILE}"}, "ErrorCode 1001"),
    "throttled": ({"fault": "throttle"}, "Throttling.User"),
    "down": ({"fault": "error", "code": "ServiceUnavailable"}, "ServiceUnavailable"),
}


@contextlib.contextmanager
def configured(engine, config):
    """Configure a standing stack for one deployment; ``""`` takes a key away."""
    kept = engine.config
    engine.config = {key: value for key, value in (kept | config).items() if value}
    try:
        yield
    finally:
        engine.config = kept


@pytest.mark.parametrize(("config", "said"), CONFIGURED.values(), ids=CONFIGURED)
def test_a_wrong_configuration_is_one_line_and_changes_nothing(standing, config, said):
    with configured(standing[0], {"cvc:maxAttempts": "2"} | config):
        fails_in_one_line(standing, said)


@pytest.mark.parametrize("action", ["GetUser", "CreateUser"])
@pytest.mark.parametrize(("fault", "said"), SPOILED.values(), ids=SPOILED)
def test_a_fault_is_one_line_without_personal_values_and_changes_nothing(standing, fault, said, action):
    engine, emulator = standing
    emulator.add_faults([{"action": action, "times": None} | fault])
    try:
        with configured(engine, {"cvc:maxAttempts": "2"}):
            fails_in_one_line(standing, said)
    finally:
        emulator.clear_faults()


def fails_in_one_line(standing, said):
    engine, emulator = standing
    before, state = emulator.users(), engine.users()
    outcome = engine.up(CHANGED)
    assert outcome.failed
    assert said in last_line_of_error(outcome)
    for value in (NAME, MOBILE, "testsecret"):
        assert value not in outcome.text
    assert (emulator.users(), engine.users()) == (before, state)


def test_no_credentials_are_told_with_what_was_tried(standing):
    engine, _ = standing
    with configured(engine, {"cvc:accessKeyId": "", "cvc:accessKeySecret": ""}):
        outcome = engine.up(CHANGED)
    assert "no credentials: tried in this order" in last_line_of_error(outcome)
    assert "set cvc:accessKeyId and cvc:accessKeySecret (with --secret), or" in last_line_of_error(outcome)


@contextlib.contextmanager
def server_that_nobody_trusts():
    """Serve TLS on loopback with a certificate of an authority that no machine knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def test_a_certificate_that_cannot_be_verified(standing):
    engine, _ = standing
    with server_that_nobody_trusts() as url, configured(engine, {"cvc:endpoint": url}):
        outcome = engine.up(CHANGED)
    host = url.removeprefix("https://")
    assert f"the certificate of {host} could not be verified" in last_line_of_error(outcome)


BAD_INPUT = """
    cvc.User("zhang", user_id="", user_name=" ", group_id=88, depart_id="x" * 257, user_tel="0571\\n",
             user_email="13900000000", goup_name="张三丰", user_mobile=None)
"""


def test_bad_input_is_told_all_at_once_in_the_preview(standing):
    engine, emulator = standing
    emulator.clear_requests()
    outcome = engine.preview(BAD_INPUT)
    assert outcome.failed
    told = [line.partition("has a problem: ")[2] for line in outcome.text.splitlines() if "has a problem: " in line]
    assert list(dict.fromkeys(told)) == [
        "user_id must not be empty",
        "user_name must not be blank",
        "group_id must be a string, not a number: write it in quotes",
        "group_name is required",
        "depart_id must have at most 256 characters",
        "user_email must be an e-mail address such as name@example.com",
        "user_tel must not contain control characters",
        "goup_name is not a property of User; did you mean group_name?",
    ]
    assert NAME not in outcome.text
    assert MOBILE not in outcome.text
    assert engine.up().failed
    assert emulator.requests() == []
    assert [*engine.users()] == ["zhang"]


@pytest.mark.parametrize("command", ["preview", "up"])
def test_one_id_declared_twice_is_an_error(standing, command):
    engine, emulator = standing
    before = emulator.users()
    outcome = getattr(engine, command)("""
        zhang = cvc.User("zhang", user_id="123", user_name="张三", **ACME)
        cvc.User("zhang3", user_id="123", user_name="张三", opts=pulumi.ResourceOptions(parent=zhang), **ACME)
    """)
    assert outcome.failed
    assert "user_id '123' is declared twice, by 'zhang' and by 'zhang3' of 'zhang'" in outcome.text
    assert emulator.users() == before


def test_read_only_refuses_every_write(standing):
    engine, emulator = standing
    emulator.clear_requests()
    engine.environ["CVC_READ_ONLY"] = "true"
    try:
        for outcome in (engine.up(CHANGED), engine.destroy()):
            assert outcome.failed
            assert "user '123': cvc:readOnly or CVC_READ_ONLY is set, so nothing was sent" in outcome.text
        assert not engine.refresh(preview_only=True).failed
    finally:
        del engine.environ["CVC_READ_ONLY"]
    assert {request["action"] for request in emulator.requests()} == {"GetUser"}


@pytest.mark.parametrize("emulator", [{}, {"clock_offset_s": 3600}, {"clock_offset_s": -3600}], indirect=True)
def test_what_passes_is_survived(engine, emulator):
    """Throttling, a dropped connection before and after the write, an outage of a moment, a clock that is wrong."""
    faults = [
        {"action": "GetUser", "fault": "throttle"},
        {"action": "GetUser", "fault": "dropBefore"},
        {"action": "CreateUser", "fault": "dropAfter"},
        {"action": "CreateUser", "fault": "error", "code": "ServiceUnavailable"},
        {"action": "CreateUser", "fault": "garbage"},
        {"action": "DeleteUser", "fault": "dropAfter"},
    ]
    emulator.add_faults(faults)
    assert not engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""").failed
    assert [user["userName"] for user in emulator.users()] == ["张三"]
    assert not engine.destroy().failed
    assert emulator.users() == []
    assert [rule["fired"] for rule in emulator.faults()] == [1] * len(faults)


def test_a_run_that_died_after_the_write_heals_by_running_again(engine, emulator):
    engine.config["cvc:maxAttempts"] = "1"
    emulator.add_faults([{"action": "CreateUser", "fault": "dropAfter"}])
    program = """cvc.User("zhang", user_id="123", user_name="张三", **ACME)"""
    assert engine.up(program).failed
    assert engine.users() == {}
    created = emulator.users()
    assert [user["userId"] for user in created] == ["123"]
    assert engine.up().changes == {"create": 1}
    assert emulator.users() == created
