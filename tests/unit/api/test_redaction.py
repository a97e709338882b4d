from __future__ import annotations

import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cvc.api import Credentials, CvcError, GatewayError, _signing
from pulumi_cvc.api._redaction import Redactor

ECHOES = {
    "plain": str,
    "upper case": str.upper,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON, not ASCII": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "form": quote_plus,
    "form of JSON": lambda value: quote_plus(json.dumps(value, ensure_ascii=False)[1:-1]),
    "URL": lambda value: quote(value, safe=""),
    "URL in lower case": lambda value: quote(value, safe="").lower(),
    "URL twice": lambda value: quote(quote(value, safe=""), safe=""),
    "HTML": html.escape,
    "in words": lambda value: f"the value {value} is wrong",
    "in Chinese": lambda value: f"参数{value}错误",
    "without spaces": lambda value: f"[{value}]",
}

# What a directory holds: not the punctuation and white space of which the mask and the message themselves consist.
values = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"], exclude_characters="*…"), min_size=4
)


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize(
    "value", ["张三", "Zhang San", 'O"Neil & Söhne <x>', "testsecret", "0571-85022088", "a+b/c=~*"]
)
def test_an_echo_of_a_value_is_masked(value, echo):
    shown = Redactor({value})(f"before {echo(value)} after")
    assert "***" in shown
    assert not re.search(re.escape(value), shown, re.IGNORECASE)
    assert not re.search(re.escape(quote(value, safe="")), shown, re.IGNORECASE)
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@given(value=values, before=st.text(), after=st.text(), echo=st.sampled_from([*ECHOES.values()]))
def test_no_value_survives_in_any_encoding(value, before, after, echo):
    shown = Redactor({value})(before + echo(value) + after)
    assert value not in shown


@given(st.lists(values, min_size=1, max_size=4), st.text(max_size=5))
def test_values_that_overlap_are_all_masked(private, joint):
    assert not [value for value in private if value in Redactor(set(private))(joint.join(private))]


@pytest.mark.parametrize(
    ("message", "private"),
    [("wxyzabc", {"wxyz", "yzab"}), ("zhangsan1", {"zhangsan", "san1"}), ("aaaaaaa", {"aaaaa"})],
)
def test_overlapping_values_leave_nothing(message, private):
    assert Redactor(private)(message).replace("*", "") in {"", "c"}


@pytest.mark.parametrize(
    ("look", "shown"),
    [
        ("mail zs@example.com failed", "mail *** failed"),
        ("mail zhang.san+x@mail.example.com.cn!", "mail ***!"),
        ("邮箱zs@example.com", "***"),
        ("call 13900000000 now", "call *** now"),
        ("call +86 139-0000-0000", "call ***"),
        ("手机号8613900000000重复", "手机号***重复"),
        ("request 1390000000", "request 1390000000"),
        ("id a13900000000b", "id a13900000000b"),
    ],
)
def test_what_looks_like_an_address_or_a_mobile_number_is_masked(look, shown):
    assert Redactor(())(look) == shown


def test_user_ids_stay_even_where_they_are_private_too():
    redact = Redactor({"13900000000", "zhangsan", "张三"}, {"13900000000", "zhangsan1"})
    assert redact("user 13900000000, zhangsan1, zhangsan, 张三") == "user 13900000000, zhangsan1, ***, ***"


def test_an_id_protects_nothing_but_itself():
    assert "xyz" not in Redactor({"xyzzy"}, {"wxy"})("wxyzzy")


def test_short_values_are_masked_as_words_only():
    assert (
        Redactor({"1", "HR"})("HR: at most 100 THROTTLES, 1 left (hr)") == "***: at most 100 THROTTLES, *** left (***)"
    )


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_value_masks_nothing(empty):
    assert Redactor({empty}, {empty})("all is well") == "all is well"


@pytest.mark.parametrize(
    "message",
    [
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&…",
        "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\nabc]",
        "string_to_sign: x",
        "server CanonicalRequest is x",
    ],
)
def test_a_string_to_sign_is_not_shown_at_all(message):
    assert Redactor(())(message).startswith("the service computed another signature")


def test_a_long_message_is_cut():
    shown = Redactor({"x" * 10})("y" * 295 + "x" * 10 + "z" * 1000)
    assert shown == "y" * 295 + "***…"


def test_a_value_that_the_end_cuts_does_not_survive_in_part():
    name = "abcdefghij" * 100
    shown = Redactor({name})("y" * 200 + name + "z" * 5000)
    assert shown == "y" * 200 + "***…"


@given(st.text())
def test_whatever_comes_is_one_line_of_bounded_length(text):
    shown = Redactor(())(text)
    assert shown.isprintable()
    assert len(shown) <= 301


full_user = st.fixed_dictionaries(
    {"userId": values, "userName": values, "groupId": values, "groupName": values},
    optional=dict.fromkeys(["userEmail", "userTel", "userMobile", "departName", "userAvatarUrl"], values),
)


@given(
    user=full_user,
    echo=st.sampled_from([*ECHOES.values()]),
    status=st.sampled_from([200, 400, 403]),
    joint=st.sampled_from([" ", ",", '"', "&", "张", "a"]),
)
def test_nothing_that_was_sent_survives_in_an_error(play, user, echo, status, joint):
    """But for the user's id, and what is a part of it or of our own words."""
    message = joint.join(echo(value) for value in [*user.values(), "testid", "testsecret"])
    client = play((status, {"Success": False, "ErrorCode": 1, "Code": "Refused", "Message": message}))
    with pytest.raises(CvcError) as caught:
        client.create_users([user])
    own = play((status, {"Success": False, "ErrorCode": 1, "Code": "Refused", "Message": "***"}))
    with pytest.raises(CvcError) as plain:
        own.create_users([user | {"userName": "?"}])
    allowed = f"{plain.value} {user['userId']}"
    sent = {*user.values(), "testid", "testsecret"}
    assert not [value for value in sent if value in str(caught.value) and value not in allowed]
    assert not [value for value in sent if value in caught.value.message and value not in allowed]


def test_a_wrong_secret_shows_neither_the_string_to_sign_nor_what_it_holds(service, make_client, full):
    to_sign = "POST&%2F&AccessKeyId%3Dtestid%26UserInfo%3D13900000000%26" + quote(full["userName"])
    for message in (
        f"Specified signature is not matched with our calculation. server string to sign is:{to_sign}",
        f"Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n{to_sign}]",
    ):
        service.answer((400, {"Code": "SignatureDoesNotMatch", "Message": message, "RequestId": "7F3A"}))
        with pytest.raises(GatewayError) as caught:
            make_client().create_users([full])
        assert str(caught.value) == (
            "CreateUser failed for user '123': the service computed another signature (its text is not shown, since it "
            "repeats the request) (HTTP 400 SignatureDoesNotMatch, request 7F3A); check the AccessKey secret; "
            "a gateway that takes no V3 signature needs cvc:signature hmac-sha1"
        )
        assert "13900000000" not in repr(vars(caught.value))


@pytest.mark.parametrize("signature", ["acs3-hmac-sha256", "hmac-sha1"])
def test_signature_and_token_are_masked(service, make_client, zhang, signature):
    made = []
    sign = _signing.SIGNERS[signature]
    client = make_client(Credentials("testid", "testsecret", "testtoken"), signature=signature)

    def spy(*arguments):
        made.append(sign(*arguments))
        service.answer((400, {"Code": "X", "Message": f"got {made[-1].signature} testtoken testid testsecret"}))
        return made[-1]

    client._sign = spy
    with pytest.raises(GatewayError, match=r"got \*\*\* \*\*\* \*\*\* \*\*\* \(HTTP 400 X\)"):
        client.create_users([zhang])
