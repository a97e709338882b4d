"""A service in memory, with the readings of what is not known about the real one."""

from types import SimpleNamespace

import pytest

from pulumi_cvc import api, lifecycle
from pulumi_cvc.lifecycle import Severity

OPTIONAL = [name for name in api.USER_FIELDS if name not in api.REQUIRED_FIELDS]


class Service:
    """Stands where the API client stands; *calls* is what was asked of it, `reads` what GetUser will show, in order."""

    def __init__(self, *, merge=True, empty_clears=True, delete_missing="ok"):
        self.merge, self.empty_clears, self.delete_missing = merge, empty_clears, delete_missing
        self.users: dict[str, dict] = {}
        self.calls: list[tuple[str, str]] = []
        self.reads: list = []

    def create_users(self, users):
        for user in users:
            self.calls.append(("CreateUser", user["userId"]))
            old = self.users.get(user["userId"], {"createTime": 1571119775000})
            kept = old if self.merge else {"createTime": old["createTime"]}
            given = {name: value for name, value in user.items() if value or self.empty_clears}
            self.users[user["userId"]] = kept | given

    def delete_users(self, user_ids):
        for user_id in user_ids:
            self.calls.append(("DeleteUser", user_id))
            if self.users.pop(user_id, None) is None and self.delete_missing == "error":
                raise api.ServiceError("DeleteUser refused", error_code="1001", message="", request_id="R")

    def get_user(self, user_id):
        self.calls.append(("GetUser", user_id))
        if self.reads:
            return self.reads.pop(0)
        user = self.users.get(user_id)
        return user and dict.fromkeys(api.USER_FIELDS, "") | {"jobName": ""} | user


@pytest.fixture
def make():
    """Give a factory: the lifecycle over a `Service`, with what it says in `log` and a clock that pauses move."""

    def make(service=None, **settings):
        service = service or Service()
        log: list[tuple[Severity, str]] = []
        clock = SimpleNamespace(now_s=0.0)

        def pause(seconds):
            clock.now_s += seconds

        session = lifecycle.Session(lifecycle.Settings(**settings), lambda *line: log.append(line), client=service)
        user = lifecycle.UserLifecycle(session, now=lambda: clock.now_s, pause=pause)
        return SimpleNamespace(service=service, log=log, session=session, user=user, clock=clock)

    return make


@pytest.fixture
def make_service():
    return Service
