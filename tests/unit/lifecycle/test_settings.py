"""Where the configuration comes from, and what is wrong with it."""

import pytest

from pulumi_cvc import schema
from pulumi_cvc.lifecycle import Settings, SettingsError


def read(environ=None, /, **config):
    return Settings.read({f"cvc:{name}": value for name, value in config.items()}, environ or {})


def failures(environ=None, /, **config):
    with pytest.raises(SettingsError) as error:
        read(environ, **config)
    return error.value.failures


def test_nothing_configured_gives_the_defaults_of_the_schema():
    settings = read()
    assert settings == Settings()
    for name, variable in schema.package()["config"]["variables"].items():
        if "default" in variable:
            field = {"timeout": "timeout_s"}.get(name, schema.snake_case(name))
            assert getattr(settings, field) == variable["default"], name


def test_pulumi_holds_every_value_as_a_string():
    settings = read(
        accessKeyId="id", accessKeySecret="123", securityToken="true", profile="p", endpoint="http://127.0.0.1:1",
        regionId="cn-x", signature="hmac-sha1", onExisting="fail", maxConcurrency="7", maxQps="2.5", maxAttempts="3",
        timeout="1.5", notFoundErrorCodes="[1001, 1002]", readOnly="true",
    )  # fmt: skip
    assert settings == Settings(
        access_key_id="id", access_key_secret="123", security_token="true", profile="p", endpoint="http://127.0.0.1:1",
        region_id="cn-x", signature="hmac-sha1", on_existing="fail", max_concurrency=7, max_qps=2.5, max_attempts=3,
        timeout_s=1.5, not_found_error_codes=("1001", "1002"), read_only=True,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["1001,1002", "1001, 1002", "[1001,1002]", '["1001", "1002"]', " [ 1001 , 1002 ] "])
def test_error_codes_are_read_however_they_are_written(text):
    assert read(notFoundErrorCodes=text).not_found_error_codes == ("1001", "1002")


def test_the_endpoint_of_the_stack_wins_over_the_environment():
    environ = {"CVC_ENDPOINT": "https://cvc.example"}
    assert read(environ).endpoint == "https://cvc.example"
    assert read(environ, endpoint="https://other.example").endpoint == "https://other.example"


@pytest.mark.parametrize("config", [{}, {"readOnly": "false"}, {"readOnly": "true"}])
def test_the_environment_can_forbid_writes(config):
    """Refresh and destroy go by the configuration of the last up, so that of today might not be asked."""
    assert read({"CVC_READ_ONLY": "true"}, **config).read_only


def test_the_environment_cannot_allow_writes():
    assert read({"CVC_READ_ONLY": "false"}, readOnly="true").read_only
    assert failures({"CVC_READ_ONLY": "yes"}) == ["cvc:readOnly must be true or false, not a string"]


def test_keys_of_other_namespaces_are_passed_over():
    assert Settings.read({"aws:region": "x", "endpoint": "x", "cvcx:y": "z"}, {}) == Settings()


def test_everything_wrong_is_told_at_once():
    assert failures(maxAtempts="3", maxQps="0", timeout="soon", signature="v2", endpoint="http://cvc.example") == [
        "cvc:signature must be one of 'acs3-hmac-sha256', 'hmac-sha1'",
        "cvc:maxQps must be more than 0",
        "cvc:timeout must be a number, not a string",
        "cvc:maxAtempts is not a property of the configuration; did you mean cvc:maxAttempts?",
        (
            "cvc:endpoint (or CVC_ENDPOINT) is wrong: the endpoint must start with https://; http:// is for 127.0.0.1, "
            "[::1] and localhost"
        ),
    ]


def test_a_wrong_endpoint_in_the_environment_is_told_too():
    (failure,) = failures({"CVC_ENDPOINT": "http://cvc.example"})
    assert failure.startswith("cvc:endpoint (or CVC_ENDPOINT) is wrong: ")


@pytest.mark.parametrize(("given", "rule"), [("0", "at least 1"), ("1025", "at most 1024"), ("1.5", "a whole number")])
def test_numbers_have_limits(given, rule):
    (failure,) = failures(maxConcurrency=given)
    assert rule in failure


def test_secrets_are_in_no_repr():
    assert "s3cret" not in repr(read(accessKeyId="id", accessKeySecret="s3cret", securityToken="s3cret-token"))


def test_a_client_is_made_without_a_call_and_without_credentials():
    read(endpoint="http://127.0.0.1:1").client().close()
