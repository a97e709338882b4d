"""The life of one user, over a service in memory."""

import pytest

from pulumi_cvc import api, lifecycle
from pulumi_cvc.lifecycle import UNKNOWN, Severity

ZHANG = {"userId": "123", "userName": "张三", "groupId": "88", "groupName": "阿里巴巴"}
OPTIONAL = [name for name in api.USER_FIELDS if name not in api.REQUIRED_FIELDS]
CREATED = {"createTime": 1571119775000}


def declared_by(resource):
    return lifecycle.Declaration(resource, repr(resource))


# check


def test_check_leaves_out_what_is_not_declared(make):
    checked = make().user.check({}, ZHANG | {"userTel": None, "userMobile": ""}, declared_by("a"))
    assert checked == lifecycle.Checked(ZHANG | {"userMobile": ""}, [])


def test_check_passes_what_is_not_known_yet(make):
    inputs = ZHANG | {"userId": UNKNOWN, "userName": UNKNOWN}
    assert make().user.check({}, inputs, declared_by("a")) == lifecycle.Checked(inputs, [])


def test_an_id_that_two_resources_declare_is_a_failure(make):
    user = make().user
    user.check({}, ZHANG, declared_by("a"))
    (failure,) = user.check({}, ZHANG, declared_by("b")).failures
    assert failure.text() == "userId '123' is declared twice, by 'a' and by 'b'"


def test_a_resource_may_be_checked_twice(make):
    """The engine does so when it replaces one."""
    user = make().user
    user.check(ZHANG, ZHANG, declared_by("a"))
    assert user.check({}, ZHANG, declared_by("a")).failures == []


def test_check_and_diff_make_no_call(make):
    it = make()
    it.user.check({}, ZHANG, declared_by("a"))
    it.user.diff(ZHANG, ZHANG | {"userName": "李四"})
    assert it.service.calls == []


# diff


@pytest.mark.parametrize("name", [*api.USER_FIELDS, "onExisting"])
@pytest.mark.parametrize(
    ("old", "new"), [("1", "2"), (None, "1"), ("1", None), ("1", ""), ("", "1"), (None, ""), ("1", UNKNOWN)]
)
def test_every_property_is_compared_and_only_the_id_replaces(make, name, old, new):
    def with_value(value):
        others = {key: item for key, item in ZHANG.items() if key != name}
        return others if value is None else others | {name: value}

    diff = make().user.diff(with_value(old) | CREATED, with_value(new))
    assert diff == lifecycle.Diff((name,), (name,) if name == "userId" else ())


def test_nothing_changed(make):
    assert make().user.diff(ZHANG | CREATED, ZHANG) == lifecycle.Diff()


# create


def test_create_reads_writes_and_reads_back(make):
    it = make()
    assert it.user.create(ZHANG) == ZHANG | CREATED
    assert it.service.calls == [("GetUser", "123"), ("CreateUser", "123"), ("GetUser", "123")]
    assert it.log == []


@pytest.mark.parametrize("merge", [True, False])
def test_adopting_says_so_and_leaves_what_is_not_declared(make, make_service, merge):
    it = make(make_service(merge=merge))
    it.service.users["123"] = ZHANG | CREATED | {"userName": "王五", "userMobile": "13800000000"}
    assert it.user.create(ZHANG) == ZHANG | CREATED
    assert it.service.users["123"] == ZHANG | CREATED | {"userMobile": "13800000000"}
    assert [severity for severity, _ in it.log] == [Severity.INFO]
    assert "'123' was there already" in it.log[0][1]


def test_overwrite_does_not_read_first(make):
    it = make()
    it.user.create(ZHANG | {"onExisting": "overwrite"})
    assert it.service.calls == [("CreateUser", "123"), ("GetUser", "123")]


def test_fail_writes_nothing_and_names_the_user(make):
    it = make(on_existing="fail")
    it.service.users["123"] = {**ZHANG, "userName": "王五"}
    with pytest.raises(lifecycle.UserExistsError, match="user '123' exists already and onExisting is 'fail'"):
        it.user.create(ZHANG)
    assert it.service.calls == [("GetUser", "123")]


def test_what_the_resource_says_of_existing_users_wins(make):
    it = make(on_existing="fail")
    it.service.users["123"] = {**ZHANG, "userName": "王五"}
    assert it.user.create(ZHANG | {"onExisting": "adopt"})["userName"] == "张三"


def test_a_user_whom_the_stack_holds_is_nobody_to_adopt(make):
    """A replacement, or two resources that swap their ids, creates whom another resource of the stack still holds."""
    it = make(on_existing="fail")
    it.service.users["123"] = dict(ZHANG)
    it.user.check(ZHANG, ZHANG | {"userId": "124"}, declared_by("a"))
    it.user.check(ZHANG | {"userId": "124"}, ZHANG, declared_by("b"))
    assert it.user.create(ZHANG) == ZHANG
    assert it.log == []


# what is read back


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_empty_string_that_clears_nothing_is_a_warning(make, make_service, name):
    it = make(make_service(empty_clears=False))
    it.service.users["123"] = ZHANG | {name: "1"}
    outputs = it.user.update(ZHANG | {name: "1"}, ZHANG)
    assert outputs == ZHANG
    assert [severity for severity, _ in it.log] == [Severity.WARNING]
    assert it.log[0][1].endswith(f"'123' was written, but the service shows another value than was written for {name}")


def test_a_field_that_reads_back_otherwise_is_drift(make, make_service):
    """The output is what the service shows, so that the next diff finds the difference."""
    it = make(make_service(empty_clears=False))
    it.service.users["123"] = ZHANG | {"userTel": "1"}
    outputs = it.user.update(ZHANG | {"userTel": "1"}, ZHANG | {"userTel": ""})
    assert it.user.diff(outputs, ZHANG | {"userTel": ""}).changed == ("userTel",)


def test_a_service_that_shows_the_older_record_for_a_moment_is_waited_for(make):
    it = make()
    it.service.reads = [None, None, ZHANG | {"userName": "王五"}, ZHANG]
    assert it.user.create(ZHANG) == ZHANG
    assert it.log == []
    assert 0 < it.clock.now_s < 2


def test_a_user_who_is_not_shown_is_a_warning_after_the_time_out(make):
    it = make(timeout_s=30)
    it.service.reads = [None] * 100
    assert it.user.create(ZHANG) == ZHANG
    assert [severity for severity, _ in it.log] == [Severity.WARNING]
    assert "does not show this user yet" in it.log[0][1]
    assert 15 < it.clock.now_s <= 30


# read


def test_read_shows_what_is_declared(make):
    it = make()
    it.service.users["123"] = ZHANG | CREATED | {"userName": "王五", "userMobile": "1", "departName": "行政部"}
    found = it.user.read("123", ZHANG | {"userMobile": "", "onExisting": "fail"} | CREATED)
    inputs = ZHANG | {"userName": "王五", "userMobile": "1", "onExisting": "fail"}
    assert found == lifecycle.Found(inputs, inputs | CREATED)


def test_read_without_a_state_shows_everything(make):
    it = make()
    it.service.users["123"] = ZHANG | CREATED | {"departName": "行政部"}
    found = it.user.read("123", {})
    assert found.outputs == dict.fromkeys(api.USER_FIELDS, "") | ZHANG | {"departName": "行政部"} | CREATED


def test_read_finds_nobody(make):
    assert make().user.read("123", ZHANG) is None


@pytest.mark.parametrize("name", [name for name in api.USER_FIELDS if name != "userId"])
def test_drift_of_a_declared_field_is_seen_by_diff(make, name):
    it = make()
    declared = dict.fromkeys(api.USER_FIELDS, "1") | {"userId": "123"}
    it.service.users["123"] = declared | {name: "2"}
    found = it.user.read("123", declared)
    assert it.user.diff(found.outputs, declared).changed == (name,)


# update


@pytest.mark.parametrize("merge", [True, False])
def test_an_update_writes_clears_and_leaves_alone(make, make_service, merge):
    it = make(make_service(merge=merge))
    it.service.users["123"] = ZHANG | CREATED | {"userTel": "1", "departName": "行政部"}
    olds = ZHANG | {"userTel": "1"} | CREATED
    assert it.user.update(olds, ZHANG | {"userName": "李四"}) == ZHANG | {"userName": "李四"} | CREATED
    assert it.service.users["123"] == ZHANG | CREATED | {"userName": "李四", "userTel": "", "departName": "行政部"}
    assert it.log == []


def test_an_update_brings_back_who_is_gone(make):
    it = make()
    it.user.update(ZHANG, ZHANG | {"userName": "李四"})
    assert it.service.users["123"]["userName"] == "李四"


def test_an_option_alone_makes_no_call(make):
    it = make()
    assert it.user.update(ZHANG | CREATED, ZHANG | {"onExisting": "fail"}) == ZHANG | CREATED | {"onExisting": "fail"}
    assert it.service.calls == []


# delete


def test_delete_is_one_call(make):
    it = make()
    it.service.users["123"] = dict(ZHANG)
    it.user.delete("123")
    assert it.service.calls == [("DeleteUser", "123")]


def test_who_is_declared_is_not_deleted(make):
    it = make()
    it.service.users["123"] = dict(ZHANG)
    it.user.check({}, ZHANG, declared_by("renamed"))
    it.user.delete("123")
    assert it.service.calls == []
    assert it.log == [(Severity.INFO, "user '123' is kept: the program still declares this user_id")]


def test_a_refused_delete_of_somebody_who_is_gone_is_done(make, make_service):
    it = make(make_service(delete_missing="error"))
    it.user.delete("123")
    assert it.service.calls == [("DeleteUser", "123"), ("GetUser", "123")]


def test_a_refused_delete_of_somebody_who_is_there_fails(make, make_service):
    it = make(make_service(delete_missing="error"))
    it.service.reads = [dict(ZHANG)]
    with pytest.raises(api.ServiceError):
        it.user.delete("123")


# readOnly


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [("create", [ZHANG]), ("update", [ZHANG, ZHANG | {"userName": "李四"}]), ("delete", ["123"])],
)
def test_read_only_refuses_every_write_before_anything_is_sent(make, operation, arguments):
    it = make(read_only=True)
    with pytest.raises(
        lifecycle.ReadOnlyError, match=f"refused to {operation} user '123': cvc:readOnly or CVC_READ_ONLY is set"
    ):
        getattr(it.user, operation)(*arguments)
    assert it.service.calls == []


def test_read_only_reads(make):
    it = make(read_only=True)
    it.service.users["123"] = dict(ZHANG)
    assert it.user.read("123", ZHANG).inputs == ZHANG
