"""``schema.json`` as JSON Schema: what fits, and what is said of what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cvc import schema

USER = {"userId": "123", "userName": "张三", "groupId": "88", "groupName": "阿里巴巴"}
OPTIONAL = ("userAvatarUrl", "departId", "departName", "userEmail", "userTel", "userMobile")


def texts(inputs, unknown=(), token=schema.USER):
    return [failure.text() for failure in schema.failures(token, inputs, unknown)]


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        dict.fromkeys(OPTIONAL, ""),
        {"userEmail": "zs@example.com", "userAvatarUrl": "www.abc.com", "userTel": "+86 571-8502 2088"},
        {"userId": "测试", "userName": "测试", "groupId": "测试", "groupName": "测试"},
        {"userName": "x" * 256, "userEmail": "a" * 242 + "@example.com"},
        {"onExisting": "overwrite"},
    ],
)
def test_what_the_vendor_documents_is_valid(inputs):
    assert texts(USER | inputs) == []


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"groupId": 88}, "groupId must be a string, not a number: write it in quotes"),
        ({"groupId": 88.0}, "groupId must be a string, not a number: write it in quotes"),
        ({"groupId": True}, "groupId must be a string, not a boolean"),
        ({"groupId": ["88"]}, "groupId must be a string, not a list"),
        ({"groupId": {"id": "88"}}, "groupId must be a string, not a mapping"),
        ({"userId": ""}, "userId must not be empty"),
        ({"userName": " \u3000"}, "userName must not be blank"),
        ({"userName": "x" * 257}, "userName must have at most 256 characters"),
        ({"userEmail": "a" * 243 + "@example.com"}, "userEmail must have at most 254 characters"),
        ({"userMobile": "1" * 65}, "userMobile must have at most 64 characters"),
        ({"userAvatarUrl": "x" * 2049}, "userAvatarUrl must have at most 2048 characters"),
        ({"userTel": "0571\n"}, "userTel must not contain control characters"),
        ({"userName": "张\x00三"}, "userName must not contain control characters"),
        ({"departName": "\x9f"}, "departName must not contain control characters"),
        ({"userEmail": "zs.example.com"}, "userEmail must be an e-mail address such as name@example.com"),
        ({"userEmail": "zs@example"}, "userEmail must be an e-mail address such as name@example.com"),
        ({"userEmail": "z s@example.com"}, "userEmail must be an e-mail address such as name@example.com"),
        ({"onExisting": "merge"}, "onExisting must be one of 'adopt', 'overwrite', 'fail'"),
        ({"goupName": "x"}, "goupName is not a property of User; did you mean groupName?"),
        ({"user_name": "x"}, "user_name is not a property of User; did you mean userName?"),
        ({"salary": "x"}, "salary is not a property of User"),
        ({"createTime": 1}, "createTime is not a property of User"),
    ],
)
def test_a_failure_names_the_property_and_the_rule(inputs, text):
    assert texts(USER | inputs) == [text]


def test_all_failures_come_at_once_in_the_order_of_the_schema():
    assert texts({"userName": "", "userEmail": "nobody", "groupId": 88, "tel": "1"}) == [
        "userId is required",
        "userName must not be empty",
        "groupId must be a string, not a number: write it in quotes",
        "groupName is required",
        "userEmail must be an e-mail address such as name@example.com",
        "tel is not a property of User; did you mean userTel?",
    ]


def test_what_a_preview_does_not_know_counts_as_given():
    known = {name: value for name, value in USER.items() if name != "userName"}
    assert texts(known, unknown=["userName", "userMobile"]) == []
    assert texts(known, unknown=["userMobile"]) == ["userName is required"]


def test_names_are_told_as_the_host_writes_them():
    (failure,) = schema.failures(schema.USER, USER | {"goup_name": "x"})
    assert failure.text(schema.snake_case) == "goup_name is not a property of User; did you mean group_name?"


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.just("x" * 300)
)


@given(st.dictionaries(st.sampled_from([*schema.object_schema(schema.USER)["properties"], "nonsense"]), _VALUES))
def test_any_input_is_valid_or_explained_without_its_values(inputs):
    """Nothing raises, and the text is the same for every value that breaks the same rule."""
    for failure in schema.failures(schema.USER, inputs):
        value = inputs.get(failure.property)
        if isinstance(value, str) and len(value) > 12:
            assert value not in failure.text()


@pytest.mark.parametrize("token", [schema.CONFIG, schema.USER, schema.GET_USER, schema.LIST_MEMBERS])
def test_every_rule_of_the_schema_can_be_explained(token):
    """No keyword is used that `_explain` does not know."""
    known = {"type", "required", "additionalProperties", "minLength", "maxLength", "enum", "minimum", "maximum"}
    known |= {"exclusiveMinimum", "pattern"}
    structure = {"properties", "allOf", "items", "description", "default", "defaultInfo", "secret", "types"}
    structure |= {"willReplaceOnChanges"}

    def keywords(node):
        for keyword, value in node.items():
            yield keyword
            if keyword == "properties":
                for child in value.values():
                    yield from keywords(child)
            elif keyword == "allOf":
                for child in value:
                    yield from keywords(child)
            elif keyword == "items":
                yield from keywords(value)

    assert set(keywords(schema.object_schema(token))) <= known | structure


def test_functions_have_inputs_of_their_own():
    assert texts({}, token=schema.GET_USER) == ["userId is required"]
    assert texts({"meetingUUID": ""}, token=schema.LIST_MEMBERS) == ["meetingUUID must not be empty"]


@pytest.mark.parametrize(
    ("name", "snake"),
    [("userId", "user_id"), ("userAvatarUrl", "user_avatar_url"), ("meetingUUID", "meeting_uuid"), ("memo", "memo")],
)
def test_python_names(name, snake):
    assert schema.snake_case(name) == snake


def test_outputs_are_inputs_and_what_the_service_adds():
    user = schema.package()["resources"][schema.USER]
    assert [*user["properties"]] == [*user["inputProperties"], "createTime"]
    assert user["requiredInputs"] == user["required"] == [*USER]
    replacing = [name for name, spec in user["inputProperties"].items() if spec.get("willReplaceOnChanges")]
    assert replacing == ["userId"]
