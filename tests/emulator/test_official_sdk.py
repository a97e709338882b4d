"""The vendor's own SDK works unchanged but for the endpoint."""

import json
import warnings

import pytest

with warnings.catch_warnings():
    # The SDK is of another time.
    warnings.simplefilter("ignore")
    from aliyunsdkaliyuncvc.request.v20191030.CreateUserRequest import CreateUserRequest
    from aliyunsdkaliyuncvc.request.v20191030.DeleteUserRequest import DeleteUserRequest
    from aliyunsdkaliyuncvc.request.v20191030.GetUserRequest import GetUserRequest
    from aliyunsdkaliyuncvc.request.v20191030.ListMembersRequest import ListMembersRequest
    from aliyunsdkcore.acs_exception.exceptions import ServerException
    from aliyunsdkcore.client import AcsClient

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def call(emulator):
    """Give a function that sends a request of the SDK, with parameters by the names of their setters."""

    def send(request, secret="testsecret", **parameters):
        client = AcsClient("testid", secret, "cn-hangzhou", auto_retry=False)
        request = request()
        request.set_endpoint(f"127.0.0.1:{emulator.port}")
        for name, value in parameters.items():
            getattr(request, f"set_{name}")(value)
        return json.loads(client.do_action_with_exception(request))

    return send


@pytest.mark.parametrize("sample", ["测试", "a+b *~/&=%"])
def test_it_creates_reads_and_deletes(call, emulator, sample):
    fields = ("userId", "userName", "groupId", "groupName", "userAvatarUrl", "departId", "departName", "userTel")
    user = dict.fromkeys(fields, sample)
    assert call(CreateUserRequest, Count=1, UserInfo=json.dumps([user]))["Success"]
    assert emulator.user(sample) == user | {"createTime": emulator.user(sample)["createTime"]}
    shown = call(GetUserRequest, UserId=sample)["UserInfo"]
    assert {name[0].upper() + name[1:]: value for name, value in user.items()} == {
        name: shown[name] for name in shown if name != "CreateTime"
    }
    assert call(DeleteUserRequest, Count=1, UserInfo=json.dumps([{"userId": sample}]))["Success"]
    assert emulator.users() == []
    assert not call(GetUserRequest, UserId=sample)["Success"]


def test_it_lists_the_members_of_a_meeting(call, emulator):
    emulator.put_meeting("uuid", {"meetingName": "周会", "memberInfos": [{"userId": "1", "beginTime": 5}]})
    meeting = call(ListMembersRequest, MeetingUUID="uuid")["MeetingInfo"]
    assert (meeting["MeetingName"], len(meeting["MemberInfos"])) == ("周会", 1)


def test_it_reads_the_gateways_errors(call):
    """It compares the string to sign in the message with its own, and when they are equal it blames the secret."""
    with pytest.raises(ServerException) as refused:
        call(GetUserRequest, secret="wrong", UserId="张三 +*~")
    assert (refused.value.get_http_status(), refused.value.get_error_code()) == (400, "InvalidAccessKeySecret")
