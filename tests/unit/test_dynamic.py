"""Host 1: what the dynamic provider's process and the program's resources hand to Pulumi."""

import base64
import inspect
import sys
import traceback
import typing

import dill
import pulumi
import pytest
from pulumi.runtime import rpc

import pulumi_cvc as cvc
from pulumi_cvc import api, dynamic, lifecycle, schema

ZHANG = {"userId": "123", "userName": "张三", "groupId": "88", "groupName": "阿里巴巴"}


@pytest.fixture
def provider(monkeypatch):
    """Give a provider in a process of its own, as far as it can tell."""
    monkeypatch.setattr(dynamic, "_process", dynamic._Process())
    monkeypatch.setattr(sys, "argv", ["provider", "127.0.0.1:1"])

    def configured(**config):
        config = {f"cvc:{name}": value for name, value in config.items()}
        provider = dynamic.UserProvider()
        provider.configure(pulumi.dynamic.ConfigureRequest(pulumi.dynamic.Config(config, "project")))
        return provider

    return configured


def reasons(result):
    assert all(failure.property == "" for failure in result.failures)
    return [failure.reason for failure in result.failures]


def test_the_provider_in_every_state_ever_written_is_still_there():
    """These bytes are in users' states, and a refresh or a delete runs what they name."""
    pickled = base64.b64decode("gASVKgAAAAAAAACMEnB1bHVtaV9jdmMuZHluYW1pY5SMDFVzZXJQcm92aWRlcpSTlCmBlC4=")
    assert type(dill.loads(pickled)) is dynamic.UserProvider  # noqa: S301 - these bytes are ours
    assert dill.dumps(dynamic.UserProvider(), protocol=4) == pickled


def test_the_provider_carries_no_secret_and_is_not_marked_as_one():
    assert vars(dynamic.UserProvider()) == {}
    assert dynamic.UserProvider.serialize_as_secret_always is False


@pytest.mark.parametrize("unknown", [rpc.UNKNOWN, pulumi.output.UNKNOWN, pulumi.output.Unknown()])
def test_check_passes_the_inputs_and_takes_its_own_key_out(provider, unknown):
    """The SDK has had more than one mark of an unknown value."""
    news = ZHANG | {"userTel": None, "userMobile": unknown, "__provider": "x", "__resource": [1.0, "'a'"]}
    result = provider().check({}, news)
    assert result.inputs == ZHANG | {"userMobile": rpc.UNKNOWN}
    assert reasons(result) == []


def test_a_failure_names_the_property_as_the_program_does_and_carries_none(provider):
    """With a property the engine would print the property's value."""
    news = ZHANG | {"groupId": 88.0, "userEmail": "nobody", "goup_name": "x", "__resource": [1.0, "'a'"]}
    assert reasons(provider().check({}, news)) == [
        "group_id must be a string, not a number: write it in quotes",
        "user_email must be an e-mail address such as name@example.com",
        "goup_name is not a property of User; did you mean group_name?",
    ]


def test_duplicates_are_told_by_name_and_parent(provider):
    first, second = {"__resource": [1.0, "'zhang'"]}, {"__resource": [2.0, "'zhang' of 'office'"]}
    provider = provider()
    assert reasons(provider.check({}, ZHANG | first)) == []
    assert reasons(provider.check({}, ZHANG | first)) == []
    assert reasons(provider.check({}, ZHANG | second)) == [
        "user_id '123' is declared twice, by 'zhang' and by 'zhang' of 'office'"
    ]


def test_wrong_settings_are_failures_of_the_preview(provider):
    assert reasons(provider(endpoint="http://cvc.example", timeout="0").check({}, ZHANG)) == [
        "cvc:timeout must be more than 0",
        (
            "cvc:endpoint (or CVC_ENDPOINT) is wrong: the endpoint must start with https://; http:// is for 127.0.0.1, "
            "[::1] and localhost"
        ),
    ]


def test_wrong_settings_stop_what_is_not_checked(provider):
    with pytest.raises(lifecycle.SettingsError, match="cvc:timeout must be more than 0"):
        provider(timeout="0").delete("123", ZHANG)


def test_a_deployment_has_one_configuration_and_one_memory(provider):
    provider(endpoint="https://one.example")
    session = dynamic._process.session()
    dynamic.UserProvider().configure(pulumi.dynamic.ConfigureRequest(pulumi.dynamic.Config({}, "project")))
    assert dynamic._process.session() is session


def test_diff_says_what_replaces(provider):
    provider = provider()
    assert provider.diff("123", ZHANG | {"createTime": 1.0, "__provider": "x"}, ZHANG).changes is False
    changed = provider.diff("123", ZHANG, ZHANG | {"userName": "李四"})
    assert (changed.changes, changed.replaces) == (True, [])
    assert provider.diff("123", ZHANG, ZHANG | {"userId": rpc.UNKNOWN}).replaces == ["userId"]


def test_a_failure_that_explains_itself_has_no_long_traceback(provider):
    """The host shows two frames of its own and this one."""
    provider = provider(readOnly="true")
    try:
        provider.create(ZHANG)
    except api.CvcError:
        text = traceback.format_exc()
    assert text.count("File ") == 2
    assert "__cause__" not in text
    assert text.splitlines()[-1].startswith("pulumi_cvc.lifecycle")


def test_a_message_that_the_engine_does_not_take_loses_nothing(capsys):
    dynamic._Engine("127.0.0.1:1").log(lifecycle.Severity.WARNING, "user '123' …")
    assert "user '123' …" in capsys.readouterr().err


def test_the_arguments_of_user_are_the_inputs_of_the_schema():
    source = inspect.getsource(dynamic.User)
    inputs = schema.package()["resources"][schema.USER]
    for name in inputs["inputProperties"]:
        python, required = schema.snake_case(name), name in inputs["requiredInputs"]
        typed = "OnExisting" if name == "onExisting" else "str"
        assert f"{python}: pulumi.Input[{typed}{'],' if required else ' | None] = None,'}" in source


def test_the_outputs_of_user_are_those_of_the_schema():
    outputs = schema.package()["resources"][schema.USER]
    hints = inspect.get_annotations(dynamic.User, eval_str=True)
    assert [*hints] == [schema.snake_case(name) for name in outputs["properties"]]
    for name in outputs["properties"]:
        (typed,) = typing.get_args(hints[schema.snake_case(name)])
        assert (type(None) in typing.get_args(typed)) == (name not in outputs["required"])


@pytest.mark.parametrize(
    ("result", "spec"),
    [
        (cvc.GetUserResult, schema.package()["functions"][schema.GET_USER]["outputs"]),
        (cvc.ListMembersResult, schema.package()["functions"][schema.LIST_MEMBERS]["outputs"]),
        (cvc.Member, schema.package()["types"]["cvc:index:Member"]),
    ],
)
def test_results_are_those_of_the_schema(result, spec):
    hints = typing.get_type_hints(result)
    assert {*hints} == {schema.snake_case(name) for name in spec["properties"]}
    for name, kind in spec["properties"].items():
        typed = hints[schema.snake_case(name)]
        assert (type(None) in typing.get_args(typed)) == (name not in spec["required"])
        expected = {"string": str, "number": int | None, "array": list[cvc.Member]}[kind["type"]]
        assert typed == expected
