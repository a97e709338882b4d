"""The staff of one company."""

import pulumi

import pulumi_cvc as cvc

STAFF = {
    # Resource: user id, name, department and its id, mobile number.
    "zhang-wei": ("10001", "张伟", "总经办", "1000", "13800000001"),
    "wang-fang": ("10002", "王芳", "行政部", "1001", "13800000002"),
    "li-na": ("10003", "李娜", "行政部", "1001", "13800000003"),
    "liu-yang": ("10004", "刘洋", "研发部", "1002", "13800000004"),
    "chen-jing": ("10005", "陈静", "研发部", "1002", "13800000005"),
    "ouyang-xue": ("10006", "欧阳雪", "研发部", "1002", "13800000006"),
    "zhao-lei": ("10007", "赵磊", "市场部", "1003", "13800000007"),
    "huang-min": ("10008", "黄敏", "市场部", "1003", "13800000008"),
}

users = [
    cvc.User(
        resource,
        user_id=user_id,
        user_name=name,
        group_id="88",
        group_name="杭州云帆科技有限公司",
        depart_id=depart_id,
        depart_name=department,
        user_email=f"{resource}@example.com",
        user_mobile=mobile,
    )
    for resource, (user_id, name, department, depart_id, mobile) in STAFF.items()
]

pulumi.export("users", len(users))
