"""Fields: declared, cleared, never declared, drifting; whatever CVC makes of what it does not document."""

import pytest

OPTIONAL = ("userAvatarUrl", "departId", "departName", "userEmail", "userTel", "userMobile")
ZHANG = {"userId": "123", "userName": "张三", "groupId": "88", "groupName": "阿里巴巴"}


def fields_of(emulator, user_id="123"):
    return {name: value for name, value in (emulator.user(user_id) or {}).items() if value and name != "createTime"}


def test_the_daily_loop(engine, emulator):
    """Up, up again without a change, somebody changes and deletes behind Pulumi's back, drift, repair, destroy."""
    program = """
        zhang = cvc.User("zhang", user_id="123", user_name="张三", user_mobile="13800000000", **ACME)
        cvc.User("li", user_id="124", user_name="李四", **ACME)
        pulumi.export("created", zhang.create_time)
    """
    assert engine.up(program).changes == {"create": 3}
    assert [user["userName"] for user in emulator.users()] == ["张三", "李四"]
    emulator.clear_requests()
    assert engine.up().changes == {}
    assert engine.preview().changes == {}
    assert emulator.requests() == []

    emulator.put_user(ZHANG | {"userMobile": "13911111111"})
    emulator.delete_user("124")
    assert engine.refresh(preview_only=True).changes == {"update": 1, "delete": 1}
    drift = engine.preview(refresh=True)
    assert drift.changes == {"create": 1, "update": 1}
    assert '"13911111111" => "13800000000"' in drift.text
    assert engine.up(refresh=True).changes == {"create": 1, "update": 1}
    assert fields_of(emulator)["userMobile"] == "13800000000"
    assert engine.refresh(preview_only=True).changes == {}

    assert engine.destroy().changes == {"delete": 3}
    assert emulator.users() == []


def test_each_field_drifts_alone(engine, emulator):
    """Every field but the id has a user of its own in which it changes."""
    drifting = ("userName", "groupId", "groupName", *OPTIONAL)
    declared = {name: f"{name}@example.com" for name in drifting}
    engine.program(f"""
        from pulumi_cvc.schema import snake_case
        for name in {drifting}:
            cvc.User(name, user_id=name, **{{snake_case(key): value for key, value in {declared}.items()}})
    """)
    assert engine.up().changes == {"create": len(drifting) + 1}
    for name in drifting:
        emulator.put_user(declared | {"userId": name, name: f"drift-of-{name}@example.com"})
    drift = engine.preview(refresh=True)
    assert drift.changes == {"update": len(drifting)}
    for name in drifting:
        assert f'"drift-of-{name}@example.com" => "{name}@example.com"' in drift.text
    assert engine.up(refresh=True).changes == {"update": len(drifting)}
    assert [fields_of(emulator, name) for name in drifting] == [declared | {"userId": name} for name in drifting]


@pytest.mark.parametrize(
    "emulator",
    [
        {"upsert": "merge", "empty_clears": True},
        {"upsert": "replace", "empty_clears": True},
        {"upsert": "replace", "empty_clears": False},
        {"upsert": "merge", "empty_clears": False},
    ],
    indirect=True,
    ids=lambda options: f"{options['upsert']}-{'' if options['empty_clears'] else 'not-'}cleared-by-empty",
)
def test_what_is_no_longer_declared_is_cleared_and_what_never_was_is_left_alone(engine, emulator, request):
    engine.up("""cvc.User("zhang", user_id="123", user_name="张三", user_tel="1", depart_id="", **ACME)""")
    emulator.put_user(ZHANG | {"userTel": "1", "departName": "行政部", "userMobile": "13800000000"})
    outcome = engine.up("""cvc.User("zhang", user_id="123", user_name="张小三", depart_id="", **ACME)""")
    assert outcome.changes == {"update": 1}
    left_alone = ZHANG | {"userName": "张小三", "departName": "行政部", "userMobile": "13800000000"}
    if "merge-not-cleared" in request.node.name:
        # Nothing can clear a field of such a service, so the least is to say so.
        assert fields_of(emulator) == left_alone | {"userTel": "1"}
        assert "'123' was written, but the service shows another value than was written for user_tel" in outcome.text
    else:
        assert fields_of(emulator) == left_alone
        assert "was written, but" not in outcome.text
    assert engine.refresh(preview_only=True).changes == {}


@pytest.mark.parametrize("emulator", [{"missing_user": form} for form in ("error", "null", "empty")], indirect=True)
def test_a_user_is_gone_on_proof(engine, emulator):
    engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""")
    emulator.delete_user("123")
    assert engine.refresh().changes == {"delete": 1}
    assert engine.users() == {}
    assert engine.up().changes == {"create": 1}
    assert fields_of(emulator) == ZHANG


def test_a_user_is_not_gone_for_an_error_that_nobody_knows(engine, emulator):
    """Until the code is configured as one that means so."""
    engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""")
    emulator.add_faults([{"fault": "errorCode", "errorCode": 1001, "message": "参数错误", "times": None}])
    outcome = engine.refresh()
    assert outcome.failed
    assert "GetUser refused user '123': 参数错误 (ErrorCode 1001, request " in outcome.text
    assert [*engine.users()] == ["zhang"]
    engine.config["cvc:notFoundErrorCodes"] = "1000,1001"
    engine.up()  # a refresh goes by the configuration of the last up
    assert engine.refresh().changes == {"delete": 1}
    assert engine.users() == {}


@pytest.mark.parametrize("emulator", [{"delete_missing": "ok"}, {"delete_missing": "error"}], indirect=True)
def test_who_is_gone_already_can_be_destroyed(engine, emulator):
    engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""")
    emulator.delete_user("123")
    outcome = engine.destroy()
    assert (outcome.failed, engine.users()) == (False, {})


@pytest.mark.parametrize("emulator", [{"read_delay_s": 0.6}], indirect=True)
@pytest.mark.usefixtures("emulator")
def test_a_service_that_shows_a_write_later_is_waited_for(engine):
    created = engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""")
    changed = engine.up("""cvc.User("zhang", user_id="123", user_name="李四", **ACME)""")
    assert "was written, but" not in created.text + changed.text
    assert engine.users()["zhang"]["outputs"]["userName"] == "李四"
    assert engine.refresh(preview_only=True).changes == {}


def test_what_a_preview_does_not_know_passes(engine, emulator):
    program = """
        zhang = cvc.User("zhang", user_id="123", user_name="张三", **ACME)
        number = zhang.create_time.apply(lambda ms: f"{ms // 1000}")
        cvc.User("li", user_id=number, user_name=number, user_email=number.apply("{}@example.com".format), **ACME)
    """
    assert engine.preview(program).changes == {"create": 3}
    assert emulator.requests() == []
    assert engine.up().changes == {"create": 3}
    created_s = emulator.user("123")["createTime"] // 1000
    assert fields_of(emulator, str(created_s))["userEmail"] == f"{created_s}@example.com"
    assert engine.up().changes == {}
