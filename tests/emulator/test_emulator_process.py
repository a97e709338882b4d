"""Starting and ending: the command, the object, and the file that outlives both."""

import re
import signal
import socket
import subprocess
import sys

import pytest
import requests

from pulumi_cvc.emulator import Emulator

COMMAND = [sys.executable, "-m", "pulumi_cvc.emulator"]


@pytest.fixture
def command():
    """Give a function that starts the command and gives the process and its URL; ended with the test."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [*COMMAND, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_url_first_and_ends_when_told(command, connect, number, zhang):
    process, url = command()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    client = connect(_At(url))
    assert client.create(zhang)["Success"]
    process.send_signal(number)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_the_commands_options_reach_the_service(command, connect, session, zhang):
    _, url = command(
        *("--access-key", "a:b", "--access-key", "c:d:e", "--upsert", "replace", "--empty-clears", "no"),
        *("--missing-user", "null", "--read-delay", "0", "--latency", "0.001", "--qps", "100", "--max-count", "1"),
    )
    options = session.get(f"{url}/_emulator/").json()["options"]
    assert options == options | {"upsert": "replace", "empty_clears": False, "missing_user": "null", "qps": 100}
    assert connect(_At(url), key="a", secret="b").get("1")["UserInfo"] is None
    assert connect(_At(url), key="c", secret="d", token="e").get("1")["Success"]
    assert connect(_At(url)).get("1")["Code"] == "InvalidAccessKeyId.NotFound"
    assert not connect(_At(url), key="a", secret="b").create(zhang, zhang | {"userId": "2"})["Success"]


def test_the_log_names_nobody(command, connect, zhang):
    process, url = command("--log")
    client = connect(_At(url))
    client.create(zhang)
    client.get("nobody")
    client.send("ListeUsers")
    process.terminate()
    assert process.communicate(timeout=10)[1].splitlines() == [
        *("CreateUser 1 ok", "GetUser 1 ErrorCode 4004", "- 0 InvalidAction.NotFound")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--upsert", "ask"], "argument --upsert: invalid choice: 'ask'"),
        (["--port", "70000"], "argument --port: must be a number from 0 to 65535"),
        (["--access-key", "id"], "argument --access-key: must be ID:SECRET or ID:SECRET:TOKEN"),
        (["--access-key", "id:"], "argument --access-key: must be ID:SECRET or ID:SECRET:TOKEN"),
        (["--empty-clears", "maybe"], "argument --empty-clears: must be yes or no"),
        (["--latency", "-1"], "latency_s must be a number of seconds, 0 or more"),
        (["--qps", "0"], "qps must be 1 or more"),
        (["--clock-offset", "nan"], "clock_offset_s must be a number of seconds"),
        (["--unknown"], "unrecognized arguments: --unknown"),
    ],
    ids=str,
)
def test_a_wrong_option_is_told(arguments, message):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]


def test_a_database_that_is_none_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"not SQLite" * 200)
    for path in (tmp_path / "file", tmp_path / "no" / "folder"):
        done = subprocess.run(
            [*COMMAND, "--port", "0", "--database", path], capture_output=True, text=True, check=False, timeout=20
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch("cvc-emulator: .*(database|file).*\n", done.stderr)


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([*COMMAND, "--port", str(port)], capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 1
        assert done.stderr.startswith(f"cvc-emulator: cannot listen on 127.0.0.1:{port}: ")
        with pytest.raises(OSError, match="in use"):
            Emulator(port=port)


def test_what_is_in_the_database_outlives_the_service(tmp_path, connect, zhang):
    database = str(tmp_path / "cvc.db")
    with Emulator(database=database) as emulator:
        connect(emulator).create(zhang)
        emulator.put_meeting("uuid", {"meetingName": "周会"})
        kept = emulator.users()
    with Emulator(database=database) as emulator:
        assert emulator.users() == kept
        assert connect(emulator).members("uuid")["MeetingInfo"]["MeetingName"] == "周会"


def test_it_ends_once_and_for_all():
    with Emulator() as emulator:
        assert emulator.users() == []
    emulator.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(emulator.url, timeout=2, proxies={"http": ""})


@pytest.mark.parametrize(("option", "error"), [({"upset": "merge"}, TypeError), ({"upsert": "maybe"}, ValueError)])
def test_a_wrong_option_of_the_object(option, error):
    with pytest.raises(error, match=next(iter(option))):
        Emulator(**option)


def test_without_its_extra_it_says_what_to_install():
    program = "import sys; sys.modules['uvicorn'] = None; from pulumi_cvc import emulator; emulator.main([])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=20)
    assert done.stderr == "cvc-emulator: the emulator needs starlette and uvicorn: pip install 'pulumi-cvc[emulator]'\n"


class _At:
    """An emulator in another process."""

    def __init__(self, url):
        self.url = url
