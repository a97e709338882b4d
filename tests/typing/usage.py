"""What a user's program may and may not write: checked by mypy, never run."""

from functools import partial

import pulumi
from typing_extensions import assert_type

import pulumi_cvc as cvc

user = partial(cvc.User, group_id="88", group_name="阿里巴巴")

zhang = user(
    "zhang",
    pulumi.ResourceOptions(protect=True),
    user_id="123",
    user_name=pulumi.Output.secret("张三"),
    depart_id=None,
    on_existing="adopt",
)
assert_type(zhang.user_id, pulumi.Output[str])
assert_type(zhang.depart_id, "pulumi.Output[str | None]")
assert_type(zhang.create_time, "pulumi.Output[int | None]")
assert_type(cvc.User.get("existing", zhang.user_id), cvc.User)
assert_type(cvc.get_user("123").create_time, "int | None")
assert_type(cvc.get_user_output(zhang.user_id), pulumi.Output[cvc.GetUserResult])
assert_type(cvc.list_members("uuid").member_infos, list[cvc.Member])
assert_type(cvc.list_members_output(pulumi.Output.from_input("uuid")), pulumi.Output[cvc.ListMembersResult])

user("zhao", user_id="124", user_name="李四", depart_id=zhang.depart_id, user_tel=zhang.user_id)

cvc.User("li", user_id="124", user_name="李四", group_id="88")  # type: ignore[call-arg]
cvc.User("li", user_id="124", user_name="李四", group_id=88, group_name="阿里巴巴")  # type: ignore[arg-type]
user("li", user_id="124", user_name="李四", goup_id="88")  # type: ignore[call-arg]
user("li", user_id="124", user_name="李四", on_existing="ask")  # type: ignore[arg-type]
cvc.get_user(zhang.user_id)  # type: ignore[arg-type]
print(zhang.nickname)  # type: ignore[attr-defined]
