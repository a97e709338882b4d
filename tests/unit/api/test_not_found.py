from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cvc.api._not_found import says_user_not_found

SAYS_SO = [
    "用户不存在",
    "用户不存在！",
    "该用户不存在。",
    "此用户不存在",
    "用户已不存在",
    "用户123不存在",
    "用户[123]不存在",
    "用户 '123' 不存在",
    "用户ID不存在",
    "用户id：123 不存在",
    "用户信息不存在",
    "用户未找到",
    "用户找不到",
    "用户已被删除",
    "用户已删除",
    "用户不存在或已删除",
    "不存在该用户",
    "找不到用户",
    "未找到该用户",
    "查无此用户",
    "没有该用户",
    "操作失败，用户不存在",
    "查询失败：用户不存在",
    "user does not exist",
    "User does not exist.",
    "The user does not exist",
    "The specified user does not exist.",
    "user doesn't exist",
    "user 123 does not exist",
    "User '123' not found",
    "user id 123 does not exist",
    "User not found",
    "user not exist",
    "user not exists",
    "user is not found",
    "user cannot be found",
    "user could not be found",
    "no such user",
    "No such user: 123",
    "unknown user",
    "cannot find user",
    "Can't find user 123",
    "no user found",
    "user no longer exists",
    "UserNotFound",
    "UserNotExist",
    "USER_NOT_FOUND",
    "user.not.found",
    "Error: user not found",
    "failed: user does not exist",
]
SAYS_SOMETHING_ELSE = [
    "",
    "successful!",
    "参数错误",
    "用户",
    "用户名不能为空",
    "用户存在",
    "用户已存在",
    "用户删除失败",
    "用户已删除失败",
    "用户124不存在",
    "部门不存在",
    "企业不存在",
    "用户所在部门不存在",
    "用户组不存在",
    "用户的企业不存在",
    "会议不存在",
    "当前用户不存在",
    "操作用户不存在",
    "登录用户不存在",
    "调用者用户不存在",
    "RAM用户不存在",
    "管理员用户不存在",
    "用户不存在权限",
    "无权查询，或用户不存在",
    "用户不存在于该企业",
    "not found",
    "does not exist",
    "user exists",
    "user already exists",
    "invalid user",
    "user 124 does not exist",
    "user name does not exist",
    "user group does not exist",
    "user's department does not exist",
    "The RAM user does not exist",
    "sub user not found",
    "current user not found",
    "The user does not exist in this group",
    "The user is not authorized",
    "user permission not found",
    "user does not exist or access denied",
    "superuser not found",
    "meeting host user not found",
    "the parent account of the user does not exist",
    "user not founded",
    "Internal error: cannot find userinfo service",
]


@pytest.mark.parametrize("message", SAYS_SO)
def test_says_that_the_user_does_not_exist(message):
    assert says_user_not_found(message, ["123"])


@pytest.mark.parametrize("message", SAYS_SOMETHING_ELSE)
def test_leaves_it_in_doubt(message):
    assert not says_user_not_found(message, ["123"])


def test_an_id_raises_no_doubt_by_the_words_in_it():
    assert says_user_not_found("用户 group-7 不存在", ["group-7"])
    assert says_user_not_found("用户 'admin' 不存在", ["admin"])
    assert says_user_not_found("用户部门7不存在", ["部门7"])


def test_an_id_that_is_a_word_does_not_hide_the_services_own():
    assert not says_user_not_found("user group does not exist", ["group"])


def test_an_id_is_not_a_pattern():
    assert says_user_not_found("user a.c(1 does not exist", ["a.c(1"])
    assert not says_user_not_found("user abc does not exist", ["a.c"])


@given(st.text(), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_any_message_and_any_id_is_survived(message, user_ids):
    assert says_user_not_found(message, user_ids) in {True, False}


@given(st.sampled_from(SAYS_SO), st.sampled_from(["部门不存在", "permission denied", "RAM", "meeting"]))
def test_a_second_sentence_about_something_else_raises_doubt(message, other):
    assert not says_user_not_found(f"{message}; {other}", ["123"])
