"""Outputs of one user feed another resource: the account of a meeting room follows the head of its department."""

import pulumi

import pulumi_cvc as cvc

head = cvc.User(
    "head-of-research",
    user_id="10004",
    user_name="刘洋",
    group_id="88",
    group_name="杭州云帆科技有限公司",
    depart_id="1002",
    depart_name="研发部",
    user_email="liu-yang@example.com",
)

room = cvc.User(
    "meeting-room",
    user_id=pulumi.Output.format("room-{0}", head.depart_id),
    user_name=pulumi.Output.format("{0}会议室", head.depart_name),
    group_id=head.group_id,
    group_name=head.group_name,
    depart_id=head.depart_id,
    depart_name=head.depart_name,
    user_email=head.user_email,
)

# What the service holds of the room, fields included that are declared nowhere. The id is known once the room is there;
# room.user_id is known before, and the first preview would ask for a user who does not exist yet.
seen = cvc.get_user_output(room.id)

pulumi.export("room", room.user_id)
pulumi.export("createdAtMs", room.create_time)
pulumi.export("jobName", seen.apply(lambda user: user.job_name))
