from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_cvc.api import USER_FIELDS, AnswerError, CvcError, ServiceError, UserNotFoundError
from pulumi_cvc.api._answers import read_meeting, retry_after_s, to_text

LIVE = {
    "UserId": "123",
    "UserName": "张三",
    "GroupId": "88",
    "GroupName": "阿里巴巴",
    "UserAvatarUrl": "www.abc.com",
    "DepartId": "1111",
    "DepartName": "行政部",
    "UserEmail": "zs@example.com",
    "UserTel": "0571-85022088",
    "UserMobile": "13900000000",
    "JobName": "engineer",
    "CreateTime": 1571119775000,
}


class TestGetUser:
    def test_gives_every_field(self, service, client, ok, full):
        service.answer(ok | {"UserInfo": LIVE})
        assert client.get_user("123") == full | {"jobName": "engineer", "createTime": 1571119775000}

    def test_fills_in_what_the_service_leaves_out(self, service, client, ok):
        service.answer(ok | {"UserInfo": {"UserName": "张三", "UserTel": None}})
        expected = dict.fromkeys(USER_FIELDS, "") | {"userId": "123", "userName": "张三", "jobName": ""}
        assert client.get_user("123") == expected

    @pytest.mark.parametrize(
        ("shown", "read"), [(88, "88"), (88.0, "88"), ("088", "088"), (12345678901234567890, "12345678901234567890")]
    )
    def test_takes_numbers_for_text(self, service, client, ok, shown, read):
        service.answer(ok | {"UserInfo": LIVE | {"GroupId": shown}})
        assert client.get_user("123")["groupId"] == read

    @pytest.mark.parametrize("shown", [1571119775000, "1571119775000", " 1571119775000 ", 1571119775000.0])
    def test_takes_every_form_of_time(self, service, client, ok, shown):
        service.answer(ok | {"UserInfo": LIVE | {"CreateTime": shown}})
        assert client.get_user("123")["createTime"] == 1571119775000

    @pytest.mark.parametrize("shown", [None, "", "2019-10-15", True, [], {}, "9" * 30])
    def test_leaves_out_a_time_that_is_none(self, service, client, ok, shown):
        service.answer(ok | {"UserInfo": LIVE | {"CreateTime": shown}})
        assert "createTime" not in client.get_user("123")

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"UserInfo": None},
            {"UserInfo": {}},
            {"UserInfo": ""},
            {"UserInfo": []},
            {"UserInfo": {"UserId": "", "UserName": None, "CreateTime": 0}},
        ],
        ids=str,
    )
    def test_success_without_a_user_is_proof_that_there_is_none(self, service, client, ok, answer):
        service.answer(ok | answer)
        assert client.get_user("123") is None

    @pytest.mark.parametrize("message", ["用户不存在", "User does not exist."])
    def test_a_refusal_that_says_so_is_proof(self, service, client, message):
        service.answer({"Success": False, "ErrorCode": 4004, "Message": message})
        assert client.get_user("123") is None

    @pytest.mark.parametrize("code", [4004, "4004", " 4004 "])
    def test_a_known_error_code_is_proof(self, service, make_client, code):
        service.answer({"Success": False, "ErrorCode": code, "Message": "?"})
        assert make_client(not_found_error_codes=[4003, "4004"]).get_user("123") is None

    @pytest.mark.parametrize("code", [4005, None, "", 0, {"4004": 1}])
    def test_any_other_refusal_is_an_error(self, service, make_client, code):
        service.answer({"Success": False, "ErrorCode": code, "Message": "?", "RequestId": "7F3A"})
        with pytest.raises(ServiceError, match=r"\?.*request 7F3A.*add its ErrorCode to cvc:notFoundErrorCodes"):
            make_client(not_found_error_codes=[4004]).get_user("123")

    @pytest.mark.parametrize("status", [400, 404, 500])
    def test_a_gateway_that_says_so_is_no_proof(self, service, make_client, status):
        service.answer((status, {"Code": "4004", "ErrorCode": 4004, "Message": "user does not exist"}))
        with pytest.raises(CvcError):
            make_client(not_found_error_codes=[4004]).get_user("123")

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ({"UserInfo": LIVE | {"UserId": "124"}}, "shows another user than was asked for"),
            ({"UserInfo": {"UserId": "123"}}, "neither empty nor a user"),
            ({"UserInfo": {"CreateTime": 1571119775000}}, "neither empty nor a user"),
            ({"UserInfo": "张三"}, "UserInfo is not an object"),
            ({"UserInfo": [LIVE]}, "UserInfo is not an object"),
            ({"UserInfo": 0}, "UserInfo is not an object"),
            ({"UserInfo": LIVE | {"UserName": {"a": 1}}}, "UserName is neither text nor a number"),
            ({"UserInfo": LIVE | {"UserTel": True}}, "UserTel is neither text nor a number"),
        ],
        ids=str,
    )
    def test_doubt_is_an_error(self, service, client, ok, answer, said):
        service.answer(ok | answer)
        with pytest.raises(AnswerError, match=f"GetUser failed for user '123': .*{said}.*7F3A-OK"):
            client.get_user("123")


class TestOutcome:
    @pytest.mark.parametrize(
        "answer",
        [
            {"Success": True, "ErrorCode": 0},
            {"Success": True},
            {"Success": True, "ErrorCode": None},
            {"Success": "true", "ErrorCode": "0"},
            {"Success": " True ", "ErrorCode": ""},
            {"Success": True, "ErrorCode": 0.0},
            {"ErrorCode": 0},
            {"Success": None, "ErrorCode": "0"},
        ],
        ids=str,
    )
    def test_success_in_every_form(self, service, client, answer):
        service.answer(answer)
        client.delete_users(["123"])

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            ({"Success": False, "ErrorCode": 1001}, "1001"),
            ({"Success": "false", "ErrorCode": "1001"}, "1001"),
            ({"ErrorCode": 1001}, "1001"),
            ({"ErrorCode": -3}, "-3"),
            ({"Success": False}, ""),
            ({"Success": False, "ErrorCode": 0}, "0"),
            ({"Success": False, "ErrorCode": "user.invalid"}, "user.invalid"),
            ({"Success": False, "ErrorCode": "13900000000"}, "unreadable"),
            ({"Success": False, "ErrorCode": [1]}, "unreadable"),
        ],
        ids=str,
    )
    def test_refusal_in_every_form(self, service, client, answer, code):
        service.answer(answer | {"Message": "userName is too long", "RequestId": "7F3A"})
        with pytest.raises(ServiceError, match="DeleteUser refused user '123': userName is too long") as caught:
            client.delete_users(["123"])
        error = caught.value
        assert (error.error_code, error.message, error.request_id) == (code, "userName is too long", "7F3A")
        assert not isinstance(error, UserNotFoundError)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ({"Success": True, "ErrorCode": 17}, "contradicts itself: Success is true, but ErrorCode is 17"),
            ({"Success": True, "ErrorCode": {"a": 1}}, "contradicts itself"),
            ({"Message": "successful!"}, "neither Success nor ErrorCode"),
            ({"Success": "perhaps", "ErrorCode": 0}, "Success is neither true nor false"),
            ({"Success": 1, "ErrorCode": 0}, "Success is neither true nor false"),
        ],
        ids=str,
    )
    def test_contradiction_is_an_error(self, service, client, answer, said):
        service.answer(answer)
        with pytest.raises(AnswerError, match=said):
            client.delete_users(["123"])
        assert len(service.requests) == 1

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "the answer is empty"),
            (b" \r\n", "the answer is empty"),
            (b"\n<!DOCTYPE html><html>sign in</html>", "the answer is HTML"),
            (b'{"Success": true,', "the answer is not JSON"),
            (b"\xff\xfe\xfa", "the answer is not JSON"),
            (b"[" * 100_000, "the answer is not JSON"),
            (b'{"Message": %s}' % (b"9" * 5000), "the answer is not JSON"),
            (b"[1]", "the answer is JSON, but no object"),
            (b"null", "the answer is JSON, but no object"),
        ],
        ids=["empty", "blank", "html", "broken", "bytes", "deep", "huge number", "list", "null"],
    )
    def test_damaged_answer_is_an_error(self, service, client, body, said):
        service.answer(body)
        with pytest.raises(AnswerError, match=rf"{said} \(HTTP 200, 5 attempts\); check cvc:endpoint"):
            client.delete_users(["123"])

    def test_answer_with_a_byte_order_mark_is_read(self, service, client):
        service.answer(b'\xef\xbb\xbf{"Success": true}')
        client.delete_users(["123"])

    def test_request_id_may_be_in_the_header(self, service, client):
        service.answer((403, {"Code": "NoPermission"}, {"X-Acs-Request-Id": "7F3A-H"}))
        with pytest.raises(CvcError, match="request 7F3A-H"):
            client.delete_users(["123"])

    @pytest.mark.parametrize("odd", ["a b", "zs@example.com", "13900000000", "张三", {"a": 1}, "A" * 65, "A\nB"])
    def test_odd_request_id_is_left_out(self, service, client, odd):
        service.answer({"Success": False, "Message": "no", "RequestId": odd})
        with pytest.raises(ServiceError) as caught:
            client.delete_users(["123"])
        assert caught.value.request_id == ""
        assert str(odd) not in str(caught.value)

    def test_not_found_is_a_kind_of_refusal_for_writes(self, service, client):
        service.answer({"Success": False, "ErrorCode": 4004, "Message": "用户123不存在"})
        with pytest.raises(UserNotFoundError, match="check the user id"):
            client.delete_users(["123"])

    def test_not_found_is_nothing_that_a_meeting_can_be(self, service, make_client):
        service.answer({"Success": False, "ErrorCode": 4004, "Message": "用户不存在"})
        with pytest.raises(ServiceError) as caught:
            make_client(not_found_error_codes=[4004]).list_members("m")
        assert not isinstance(caught.value, UserNotFoundError)


class TestListMembers:
    CURRENT = {  # noqa: RUF012  read only
        "MeetingUUID": "uuid-1",
        "MeetingName": "周会",
        "MeetingCode": "12345",
        "CreateTime": 1571119775000,
        "UserId": "123",
        "UserName": "张三",
        "Memo": "memo",
        "MemberInfos": [
            {
                "MemberUUID": "join-1",
                "UserId": "124",
                "UserName": "李四",
                "Status": "offline",
                "BeginTime": 1571119776000,
                "EndTime": 1571119777000,
            }
        ],
    }
    READ = {  # noqa: RUF012  read only
        "meetingUUID": "uuid-1",
        "meetingName": "周会",
        "meetingCode": "12345",
        "createTime": 1571119775000,
        "userId": "123",
        "userName": "张三",
        "memo": "memo",
        "memberInfos": [
            {
                "memberUUID": "join-1",
                "userId": "124",
                "userName": "李四",
                "status": "offline",
                "beginTime": 1571119776000,
                "endTime": 1571119777000,
            }
        ],
    }

    def test_as_the_current_page_has_it(self, service, client, ok):
        service.answer(ok | {"MeetingInfo": self.CURRENT})
        assert client.list_members("uuid-1") == self.READ

    def test_as_the_old_table_has_it(self):
        info = self.CURRENT | {"CreateDate": 1571119775000}
        del info["CreateTime"]
        member = info["MemberInfos"][0] | {"BeginTime": "1571119776000", "EndTime": "1571119777000"}
        assert read_meeting({"MeetingInfo": info | {"MemberInfos": [member]}}, "uuid-1") == self.READ

    def test_as_the_old_sample_has_it(self):
        info = self.CURRENT | {"MeetingCode": 12345, "CreateCreate": 1571119775000}
        info["MemberList"] = info.pop("MemberInfos")
        del info["CreateTime"], info["MeetingUUID"]
        assert read_meeting({"MeetingInfo": info}, "uuid-1") == self.READ

    @pytest.mark.parametrize("members", [{}, {"MemberInfos": None}, {"MemberInfos": []}, {"MemberList": []}], ids=str)
    def test_without_members(self, members):
        meeting = read_meeting({"MeetingInfo": {"MeetingName": "周会", **members}}, "uuid-1")
        assert meeting["memberInfos"] == []
        assert meeting["createTime"] is None

    def test_who_joins_twice_is_there_twice_and_a_ring_has_no_times(self):
        members = [{"UserId": "1", "Status": "offline", "EndTime": 5}, {"UserId": "1", "Status": "ring", "EndTime": ""}]
        read = read_meeting({"MeetingInfo": {"MemberInfos": members}}, "uuid-1")["memberInfos"]
        assert [(member["status"], member["endTime"]) for member in read] == [("offline", 5), ("ring", None)]

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ({}, "no MeetingInfo"),
            ({"MeetingInfo": None}, "no MeetingInfo"),
            ({"MeetingInfo": {}}, "no MeetingInfo"),
            ({"MeetingInfo": []}, "no MeetingInfo"),
            ({"MeetingInfo": {"MemberInfos": {"a": 1}}}, "MemberInfos is not a list"),
            ({"MeetingInfo": {"MemberInfos": ["张三"]}}, "something else than objects"),
            ({"MeetingInfo": {"MemberInfos": [{"UserName": []}]}}, "UserName is neither text nor a number"),
        ],
        ids=str,
    )
    def test_another_shape_is_an_error(self, service, client, ok, answer, said):
        service.answer(ok | answer)
        with pytest.raises(AnswerError, match=f"ListMembers failed for meeting 'uuid-1': .*{said}") as caught:
            client.list_members("uuid-1")
        assert "张三" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (88.0, "88"), (1.5, "1.5"), ("\ud800", "?"), ([1], ""), ({}, ""), (True, "True")]
)
def test_text_of_what_json_holds(value, text):
    assert to_text(value) == text


def test_retry_after_prefers_the_vendors_header():
    assert retry_after_s({"x-acs-retry-after": "1500", "Retry-After": "9"}) == 1.5
    assert retry_after_s({}) is None


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
keys = ["RequestId", "Success", "ErrorCode", "Message", "Code", "UserInfo", "MeetingInfo"]
members = st.fixed_dictionaries({}, optional=dict.fromkeys(["UserId", "BeginTime", "Status"], anything))
infos = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(["UserId", "UserName", "CreateTime", "JobName", "MeetingUUID", "CreateDate"], anything)
    | {"MemberInfos": st.lists(members | anything, max_size=2), "MemberList": anything},
)
answers = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(keys, anything)
    | {"Success": st.booleans() | anything, "ErrorCode": st.just(0) | anything}
    | {"UserInfo": infos | anything, "MeetingInfo": infos | anything},
)


def deep(levels):
    return b'{"Success":false,"ErrorCode":1,"Message":' + b"[" * levels + b"]" * levels + b"}"


def error_of(call):
    try:
        call()
    except CvcError as error:
        return str(error)
    return None


CALLS = {
    "GetUser": lambda client: client.get_user("123"),
    "ListMembers": lambda client: client.list_members("uuid-1"),
    "CreateUser": lambda client: client.create_users([{"userId": "123"}]),
    "DeleteUser": lambda client: client.delete_users(["123"]),
}


@given(
    body=(answers | anything).map(lambda value: json.dumps(value).encode()) | st.binary(),
    status=st.sampled_from([200, 200, 200, 204, 301, 400, 403, 500]),
    headers=st.dictionaries(st.sampled_from(["Date", "x-acs-retry-after", "Retry-After"]), st.text(), max_size=1),
    action=st.sampled_from([*CALLS]),
)
@example(deep(900), 200, {}, "GetUser")
@example(deep(960), 400, {}, "GetUser")
@example(b'{"Success":true,"UserInfo":{"UserName":"\\ud800","GroupId":1e999}}', 200, {}, "GetUser")
def test_any_answer_is_a_value_or_an_error_of_one_line(play, body, status, headers, action):
    said = error_of(lambda: CALLS[action](play((status, body, headers))))
    assert said is None or re.match(rf"{action} (failed for|refused) \w+ '(123|uuid-1)': .+; \w+", said)
    assert said is None or said.isprintable()
