"""Deployments without the CLI; what they have in common with the real engine is in tests/lifecycle."""

import os
import subprocess
import textwrap

import pulumi
import pytest

import pulumi_cvc as cvc
from pulumi_cvc.testing import DeploymentFailed, Stack

ACME = {"group_id": "88", "group_name": "阿里巴巴"}


def zhang(**changes):
    cvc.User("zhang", **{"user_id": "123", "user_name": "张三", **ACME, **changes})


def test_a_function_is_a_program(cvc_stack, cvc_emulator):
    def program():
        user = cvc.User("zhang", user_id="123", user_name=pulumi.Config().require("name"), **ACME)
        pulumi.export("id", user.user_id)
        pulumi.export("names", [user.user_name, pulumi.Output.secret("geheim")])
        pulumi.export("where", f"{pulumi.get_project()}/{pulumi.get_stack()}")

    stack = cvc_stack(program, {"name": "张三"}, project="staff", stack="dev")
    result = stack.up()
    assert result.changes == {"create": 2}
    assert result.outputs == {"id": "123", "names": ["张三", "geheim"], "where": "staff/dev"}
    assert cvc_emulator.user("123")["userName"] == "张三"
    stack.config["name"] = "王五"
    (step,) = [step for step in stack.preview().steps if step.op == "update"]
    assert (step.name, step.changed) == ("zhang", {"userName": ("张三", "王五")})
    assert stack.destroy().changes == {"delete": 2}
    assert stack.resources == []


def test_a_preview_writes_nothing_and_leaves_out_what_it_does_not_know(cvc_stack, cvc_emulator):
    def program():
        user = cvc.User("zhang", user_id="123", user_name="张三", **ACME)
        cvc.User("next", user_id=user.create_time.apply(str), user_name=user.user_name, **ACME)
        pulumi.export("known", user.user_name)
        pulumi.export("unknown", user.create_time)

    stack = cvc_stack(program)
    assert stack.preview().outputs == {"known": "张三"}
    assert (stack.resources, cvc_emulator.requests()) == ([], [])
    assert {*stack.up().outputs} == {"known", "unknown"}


def test_up_previews_first_unless_told_not_to(cvc_stack, cvc_emulator):
    """So a mistake is found before anything is written."""

    def program():
        first = cvc.User("first", user_id="1", user_name="张三", **ACME)
        cvc.User("second", user_id="1", user_name="李四", opts=pulumi.ResourceOptions(depends_on=first), **ACME)

    with pytest.raises(DeploymentFailed, match="user_id '1' is declared twice") as failed:
        cvc_stack(program).up()
    assert cvc_emulator.requests() == []
    assert [diagnostic.severity for diagnostic in failed.value.result.diagnostics] == ["error"]
    with pytest.raises(DeploymentFailed, match="user_id '1' is declared twice"):
        cvc_stack(program).up(skip_preview=True)
    assert len(cvc_emulator.users()) == 1


def test_what_is_shown(cvc_stack, cvc_emulator):
    """Values only to whoever looks, never in what an update says; a secret and an unknown to nobody."""
    lines = []
    stack = cvc_stack(lambda: zhang(user_tel=pulumi.Output.secret("0571-1")), output=lines.append)
    stack.up()
    assert lines == ["  +  create   pulumi:pulumi:Stack project-test", "  +  create   cvc:User zhang"]
    cvc_emulator.put_user(cvc_emulator.user("123") | {"userName": "王五", "userTel": "0571-2"})
    lines.clear()
    stack.refresh(preview_only=True)
    assert lines == ['  ~  update   cvc:User zhang  [userName: "张三" => "王五", userTel: [secret] => [secret]]']
    lines.clear()
    stack.up(refresh=True)
    assert lines == [
        "What is there:",
        "  ~  update   cvc:User zhang  [userName, userTel]",
        "What the program declares:",
        "  ~  update   cvc:User zhang  [userName, userTel]",
    ]
    lines.clear()
    stack.program = lambda: zhang(user_name=1)
    with pytest.raises(DeploymentFailed):
        stack.up()
    (line,) = lines
    assert line.endswith("resource 'zhang' has a problem: user_name must be a string, not a number: write it in quotes")


def test_a_path_is_a_program_with_a_process_of_its_own(tmp_path, cvc_stack):
    """With the environment, the configuration and the name that its project has, and the lines that it prints."""
    (tmp_path / "Pulumi.yaml").write_text(
        "name: staff\nruntime: python\n"
        "config:\n  plain: 1\n  typed: {type: string, default: eins}\n  given: project\n  required: {type: string}\n",
        encoding="utf-8",
    )
    (tmp_path / "helper.py").write_text("SAYS = 'hello'\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(
        textwrap.dedent("""
            import os, pulumi
            from helper import SAYS
            print(SAYS)
            config = pulumi.Config()
            pulumi.export("config", [config.get(key) for key in ("plain", "typed", "given", "required")])
            pulumi.export("rest", [os.environ["COLOUR"], os.path.basename(os.getcwd()), pulumi.get_project()])
            pulumi.export("pid", os.getpid())
        """),
        encoding="utf-8",
    )
    result = cvc_stack(tmp_path, {"given": "stack"}, env={"COLOUR": "red"}).up()
    assert result.outputs["config"] == ["1", "eins", "stack", None]
    assert result.outputs["rest"] == ["red", tmp_path.name, "staff"]
    assert result.outputs["pid"] != os.getpid()
    assert "hello" in [diagnostic.message for diagnostic in result.diagnostics]
    assert cvc_stack(tmp_path / "__main__.py", env={"COLOUR": "red"}).up().outputs["config"][2] == "project"


def test_a_program_that_is_not_there():
    with pytest.raises(FileNotFoundError, match=r"there is no program at .*/nowhere"):
        Stack("nowhere").up()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os._exit(3)", "the program ended with status 3"),
        ("import sys; sys.exit('no more')", "the program ended with status no more"),
        ("import pulumi\npulumi.log.error('not like this')", "not like this"),
        (
            "\n1 / 0",
            'Program failed with an unhandled exception:\nTraceback (most recent call last):\n  File "PATH/__main__',
        ),
    ],
    ids=["dies", "exits", "logs an error", "raises"],
)
def test_a_program_fails(tmp_path, program, message):
    (tmp_path / "__main__.py").write_text(program, encoding="utf-8")
    with pytest.raises(DeploymentFailed) as failed:
        Stack(tmp_path).up()
    assert str(failed.value).startswith(message.replace("PATH", str(tmp_path)))
    assert "pulumi_cvc/testing" not in str(failed.value)


def test_a_program_may_end_early_with_success(tmp_path):
    (tmp_path / "__main__.py").write_text("import sys; sys.exit()", encoding="utf-8")
    assert Stack(tmp_path).up().changes == {"create": 1}


def test_a_provider_that_dies_is_told_with_its_last_words(tmp_path):
    (tmp_path / "deadly.py").write_text(
        textwrap.dedent("""
            import os, sys
            from pulumi.dynamic import Resource, ResourceProvider

            class Mortal(Resource):
                pass

            class Deadly(ResourceProvider):
                def create(self, props):
                    sys.stderr.write("out of memory\\n")
                    os._exit(9)
        """),
        encoding="utf-8",
    )
    (tmp_path / "__main__.py").write_text(
        "import deadly\ndeadly.Mortal(deadly.Deadly(), 'deadly', {})", encoding="utf-8"
    )
    with pytest.raises(DeploymentFailed, match=r"(?s)the provider's process ended with status 9:\nout of memory"):
        Stack(tmp_path).up()


def test_a_provider_that_does_not_start_is_told(tmp_path, cvc_stack):
    (tmp_path / "dill.py").write_text("raise ImportError('no dill today')", encoding="utf-8")
    stack = cvc_stack(zhang, env={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(DeploymentFailed, match=r"(?s)the provider's process ended with status 1:.*no dill today"):
        stack.up()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            lambda: pulumi.CustomResource("random:index/randomPet:RandomPet", "pet"),
            "pulumi_cvc.testing deploys resources of dynamic providers, such as cvc.User, but none of type random:",
        ),
        (lambda: zhang(opts=pulumi.ResourceOptions(import_="123")), "does not know the option import_"),
        (
            lambda: zhang(opts=pulumi.ResourceOptions(replacement_trigger="1")),
            "does not know the option replacement_trigger",
        ),
        (lambda: zhang(opts=pulumi.ResourceOptions(transforms=[lambda _: None])), "does not support transforms"),
    ],
    ids=["type", "import_", "replacement_trigger", "transforms"],
)
def test_what_it_does_not_know_is_an_error(cvc_stack, cvc_emulator, program, message):
    with pytest.raises(DeploymentFailed, match=message):
        cvc_stack(program).up()
    assert cvc_emulator.requests() == []


def test_names_and_urns_choose_resources(cvc_stack, cvc_emulator):
    def program():
        zhang()
        cvc.User("li", user_id="124", user_name="李四", **ACME)

    stack = cvc_stack(program)
    assert stack.up(target=["li"]).changes == {"create": 2}
    (li,) = [resource["urn"] for resource in stack.resources if resource["custom"]]
    assert [user["userId"] for user in cvc_emulator.users()] == ["124"]
    assert stack.up().changes == {"create": 1, "same": 2}
    assert stack.up(replace=[li]).changes == {"replace": 1, "same": 2}
    assert stack.destroy(target=["zhang"]).changes == {"delete": 1}
    assert [user["userId"] for user in cvc_emulator.users()] == ["124"]


def test_refresh_and_destroy_go_by_the_configuration_of_the_last_up(cvc_stack, cvc_emulator):
    """As the CLI does, unless the program is run for them."""
    stack = cvc_stack(zhang)
    stack.up()
    stack.config["cvc:accessKeySecret"] = "wrong"
    assert not stack.refresh().has_changes
    for operation in (stack.refresh, stack.destroy):
        with pytest.raises(DeploymentFailed, match="SignatureDoesNotMatch"):
            operation(run_program=True)
    assert stack.destroy().changes == {"delete": 2}
    assert cvc_emulator.users() == []


def test_the_state_has_the_names_of_pulumis_own(cvc_stack):
    stack = cvc_stack(lambda: zhang(user_tel=pulumi.Output.secret("0571-1")))
    stack.up()
    (user,) = [resource for resource in stack.resources if resource["custom"]]
    assert user["urn"] == "urn:pulumi:test::project::pulumi-python:dynamic/cvc:User::zhang"
    assert (user["id"], user["inputs"]["userName"], user["outputs"]["userName"]) == ("123", "张三", "张三")
    for properties in (user["inputs"], user["outputs"]):
        assert properties["userTel"]["value"] == "0571-1"
        assert len(properties["userTel"]) == 2  # marked


def test_no_process_is_left_behind(cvc_stack, cvc_emulator):
    stack = cvc_stack(zhang)
    stack.up()
    cvc_emulator.add_faults([{"fault": "error", "code": "Forbidden.RAM", "times": None}])
    with pytest.raises(DeploymentFailed):
        stack.refresh()
    children = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True, check=False
    )
    assert "pulumi.dynamic" not in children.stdout


def test_a_hundred_users(cvc_stack, cvc_emulator):
    def program():
        for number in range(100):
            cvc.User(f"user-{number}", user_id=f"{number}", user_name=f"员工{number}", **ACME)

    stack = cvc_stack(program)
    stack.up()
    assert len(cvc_emulator.users()) == 100
    assert not stack.refresh().has_changes
    stack.destroy()
    assert cvc_emulator.users() == []
