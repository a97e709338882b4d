"""The examples do what they say, and so does the README."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pulumi_cvc.emulator import Emulator

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
README = (ROOT / "README.md").read_text(encoding="utf-8")
real_engine = pytest.mark.skipif(
    not shutil.which("pulumi"), reason="pulumi is not on PATH: nothing ran on the real engine"
)


@pytest.fixture
def deploy(cvc_stack, monkeypatch):
    """Give a function that deploys an example, checks that a second time changes nothing, and gives its exports."""
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")

    def up(program):
        stack = cvc_stack(program)
        outputs = stack.up().outputs
        assert not stack.up(refresh=True).has_changes
        return outputs

    return up


def test_quickstart(deploy, cvc_emulator):
    assert deploy(EXAMPLES / "quickstart") == {"users": 8}
    assert {user["groupName"] for user in cvc_emulator.users()} == {"杭州云帆科技有限公司"}


def test_departments(deploy, cvc_emulator):
    deploy(EXAMPLES / "departments")
    users = {user["userName"]: (user["departName"], user["userTel"]) for user in cvc_emulator.users()}
    office, research = ("行政部", "0571-85020001"), ("研发部", "0571-85020002")
    assert users == {"王芳": office, "李娜": office, "刘洋": research, "陈静": research, "欧阳雪": research}


def test_outputs(deploy, cvc_emulator):
    outputs = deploy(EXAMPLES / "outputs")
    room = cvc_emulator.user("room-1002")
    assert (room["userName"], room["userEmail"]) == ("研发部会议室", "liu-yang@example.com")
    assert outputs == {"room": "room-1002", "createdAtMs": room["createTime"], "jobName": ""}


def test_the_examples_are_configured_for_the_emulator_as_it_starts():
    command = [sys.executable, "-m", "pulumi_cvc.emulator", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    port = re.search(r"0 takes a free one \(default: (\d+)\)", help_text).group(1)
    assert "default: testid:testsecret" in " ".join(help_text.split())
    for name in ("quickstart", "departments", "outputs"):
        project = yaml.safe_load((EXAMPLES / name / "Pulumi.yaml").read_text(encoding="utf-8"))
        assert project["config"] == {
            "cvc:endpoint": f"http://127.0.0.1:{port}",
            "cvc:accessKeyId": "testid",
            "cvc:accessKeySecret": "testsecret",
        }


@pytest.mark.parametrize("engine", ["testing", pytest.param("path", marks=real_engine)])
def test_the_demo_plays_to_its_end(engine, tmp_path):
    demo = [sys.executable, EXAMPLES / "demo.py", "--home", tmp_path, "--engine", engine]
    played = subprocess.run(demo, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert played.returncode == 0, played.stdout
    assert re.findall(r"━━ (\d)", played.stdout) == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert re.search('userMobile *: "13800000003" => "13999999999"', played.stdout)


def test_the_demo_goes_on_without_a_cli_and_says_so(tmp_path):
    """An installer that fails at once, as without a network: here because curl and the like cannot be found."""
    environ = {"PATH": "", "HTTPS_PROXY": "http://127.0.0.1:9", "HOME": str(tmp_path)}
    demo = [sys.executable, EXAMPLES / "demo.py", "--home", tmp_path]
    played = subprocess.run(demo, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert played.returncode == 0, played.stdout
    assert played.stdout.startswith("There is no Pulumi CLI on PATH")
    assert "\nEngine: pulumi_cvc.testing, which" in played.stdout


@real_engine
def test_the_drift_check_tells_drift_by_its_exit_code(tmp_path):
    project = tmp_path / "project"
    shutil.copytree(EXAMPLES / "quickstart", project)
    environ = {
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def run(*command):
        return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)

    def check():
        return run(EXAMPLES / "drift_check" / "check.sh", "--stack", "dev")

    with Emulator() as emulator:
        run("pulumi", "stack", "init", "dev").check_returncode()
        run("pulumi", "config", "set", "cvc:endpoint", emulator.url).check_returncode()
        run("pulumi", "up", "--yes", "--skip-preview").check_returncode()
        assert check().returncode == 0
        emulator.put_user(emulator.user("10003") | {"departName": "市场部"})
        drifted = check()
        assert drifted.returncode == 7
        assert '"行政部" => "市场部"' in drifted.stdout
        emulator.add_faults([{"fault": "error", "code": "Forbidden.RAM", "times": None}])
        assert check().returncode not in (0, 7)


def test_the_workflow_runs_the_script():
    workflow = yaml.safe_load((EXAMPLES / "drift_check" / "drift.yaml").read_text(encoding="utf-8"))
    assert "./check.sh" in workflow["jobs"]["check"]["steps"][-1]["run"]
    assert os.access(EXAMPLES / "drift_check" / "check.sh", os.X_OK)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_programs_of_the_readme_work(deploy, cvc_stack, cvc_emulator, tmp_path):
    program, test = blocks("python")
    (tmp_path / "__main__.py").write_text(program, encoding="utf-8")
    assert deploy(tmp_path)["createdAtMs"] == cvc_emulator.user("10001")["createTime"]
    names = {}
    exec(test.replace("path/to/program", str(tmp_path)), names)  # noqa: S102 - our own README
    cvc_emulator.clear_users()
    names["test_staff"](cvc_stack, cvc_emulator)


def test_the_readme_lists_every_key_of_the_configuration():
    schema = json.loads((ROOT / "schema.json").read_text(encoding="utf-8"))
    table = README.partition("## Configuration")[2].partition("\n\nKeys are")[0]
    assert {*re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))} - {
        "CVC_ENDPOINT",
        "CVC_READ_ONLY",
    } == {*schema["config"]["variables"]}


def test_the_links_of_the_readme_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
