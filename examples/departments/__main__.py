"""Two departments from one loop: what the members of a department share is said once."""

from dataclasses import dataclass

import pulumi

import pulumi_cvc as cvc


@dataclass
class Department:
    """What its members share, and who they are: name by user id."""

    id: str
    name: str
    tel: str
    members: dict[str, str]


DEPARTMENTS = [
    Department("1001", "行政部", "0571-85020001", {"10002": "王芳", "10003": "李娜"}),
    Department("1002", "研发部", "0571-85020002", {"10004": "刘洋", "10005": "陈静", "10006": "欧阳雪"}),
]

for department in DEPARTMENTS:
    for user_id, user_name in department.members.items():
        cvc.User(
            # Named after the id, which stays: whoever changes department is updated, not replaced.
            f"user-{user_id}",
            user_id=user_id,
            user_name=user_name,
            group_id="88",
            group_name="杭州云帆科技有限公司",
            depart_id=department.id,
            depart_name=department.name,
            user_tel=department.tel,
        )

pulumi.export("members", {department.name: [*department.members] for department in DEPARTMENTS})
