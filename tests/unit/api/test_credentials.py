from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from pulumi_cvc.api import Credentials, CredentialsError, DefaultCredentials
from pulumi_cvc.api._credentials import official_client

ALIBABA = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "a-secret"}
ALICLOUD = {"ALICLOUD_ACCESS_KEY": "b-id", "ALICLOUD_SECRET_KEY": "b-secret"}
VALUES = ("a-id", "a-secret", "a-token", "b-id", "b-secret", "b-token", "x-id", "x-secret", "x-token")


class Official:
    """Takes the place of the official package."""

    def __init__(self, *found):
        self.found = list(found) or [("c-id", "c-secret", None)]
        self.profiles = []
        self.asked = 0

    def __call__(self, profile):
        self.profiles.append(profile)
        return self

    def get_credential(self):
        self.asked += 1
        found = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        if isinstance(found, Exception):
            raise found
        return SimpleNamespace(access_key_id=found[0], access_key_secret=found[1], security_token=found[2])


def get(environ=(), official=None, **options):
    official = official or Official()
    return DefaultCredentials(environ=dict(environ), official=official, **options).get_credentials()


def error_of(**options):
    with pytest.raises(CredentialsError) as caught:
        get(**options)
    assert not [value for value in VALUES if value in str(caught.value)]
    assert str(caught.value).isprintable()
    assert caught.value.__context__ is None
    return str(caught.value)


class TestOrder:
    def test_explicit_keys_come_first(self):
        found = get(ALIBABA | ALICLOUD, access_key_id="x-id", access_key_secret="x-secret", profile="p")
        assert found == Credentials("x-id", "x-secret")

    def test_explicit_keys_do_not_take_a_token_from_the_environment(self):
        environ = {"ALIBABA_CLOUD_SECURITY_TOKEN": "a-token"}
        assert get(environ, access_key_id="x-id", access_key_secret="x-secret").security_token == ""

    def test_then_an_explicit_profile(self):
        official = Official()
        assert get(ALIBABA | ALICLOUD, official, profile="p") == Credentials("c-id", "c-secret")
        assert official.profiles == ["p"]

    def test_then_the_vendors_environment(self):
        token = {"ALIBABA_CLOUD_SECURITY_TOKEN": "a-token"}
        assert get(ALICLOUD | ALIBABA) == Credentials("a-id", "a-secret")
        assert get(ALICLOUD | ALIBABA | token) == Credentials("a-id", "a-secret", "a-token")

    def test_then_the_environment_of_terraform_and_pulumi(self):
        token = {"ALICLOUD_SECURITY_TOKEN": "b-token", "ALICLOUD_PROFILE": "p"}
        assert get(ALICLOUD | token) == Credentials("b-id", "b-secret", "b-token")

    def test_then_the_profile_of_the_environment(self):
        official = Official()
        get({"ALICLOUD_PROFILE": "p"}, official)
        assert official.profiles == ["p"]

    def test_then_the_default_chain(self):
        official = Official(("c-id", "c-secret", "c-token"))
        assert get({}, official) == Credentials("c-id", "c-secret", "c-token")
        assert official.profiles == [None]

    def test_the_official_package_is_asked_for_nothing_before_that(self):
        official = Official()
        get(ALIBABA, official)
        assert official.profiles == []

    @pytest.mark.parametrize("empty", ["", " \n"])
    def test_empty_counts_as_not_set(self, empty):
        environ = dict.fromkeys(ALIBABA, empty) | ALICLOUD
        assert get(environ, access_key_id=empty, access_key_secret=None) == Credentials("b-id", "b-secret")

    def test_a_line_end_of_a_ci_secret_is_taken_off(self):
        assert get(access_key_id="x-id\n", access_key_secret=" x-secret\r\n") == Credentials("x-id", "x-secret")

    def test_the_environment_is_read_anew_each_time(self):
        environ = dict(ALIBABA)
        credentials = DefaultCredentials(environ=environ, official=Official())
        credentials.get_credentials()
        environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "new-id"
        assert credentials.get_credentials().access_key_id == "new-id"


class TestHalfSet:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"access_key_id": "x-id"}, "cvc:accessKeyId is set, but not cvc:accessKeySecret"),
            ({"access_key_secret": "x-secret"}, "cvc:accessKeySecret is set, but not cvc:accessKeyId"),
            (
                {"security_token": "x-token"},
                "cvc:securityToken is set, but not cvc:accessKeyId and cvc:accessKeySecret",
            ),
            (
                {"environ": {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a-id"} | ALICLOUD},
                "ALIBABA_CLOUD_ACCESS_KEY_ID is set, but not ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            ),
            (
                {"environ": {"ALICLOUD_SECRET_KEY": "b-secret"}},
                "ALICLOUD_SECRET_KEY is set, but not ALICLOUD_ACCESS_KEY",
            ),
        ],
        ids=str,
    )
    def test_is_an_error_and_not_skipped(self, options, said):
        official = Official()
        assert said in error_of(official=official, **options)
        assert official.asked == 0

    def test_a_token_alone_in_the_environment_is_of_no_keys(self):
        assert get({"ALIBABA_CLOUD_SECURITY_TOKEN": "a-token"} | ALICLOUD).security_token == ""


@pytest.mark.parametrize("odd", ["x id", "x\nid", "ключ", "x\x00id", "\udce9"])
def test_keys_that_no_key_can_be_are_refused(odd):
    message = error_of(access_key_id=odd, access_key_secret="x-secret")
    assert "cvc:accessKeyId, cvc:accessKeySecret or cvc:securityToken holds a blank" in message
    assert odd not in message


class TestNothingFound:
    def test_the_error_says_what_was_tried_in_which_order_and_how_to_set_it(self):
        message = error_of(official=Official(RuntimeError("boom x-secret")))
        tried = [
            "cvc:accessKeyId",
            "cvc:profile",
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALICLOUD_ACCESS_KEY",
            "default chain",
        ]
        places = [message.index(name) for name in tried]
        assert places == sorted(places)
        assert "(RuntimeError)" in message
        assert "; set cvc:accessKeyId and cvc:accessKeySecret (with --secret), or ALIBABA_CLOUD_" in message

    def test_the_same_when_the_chain_gives_half_a_key(self):
        assert error_of(official=Official(("c-id", None, None))).startswith("no credentials: tried")

    def test_a_profile_that_gives_none_is_named(self):
        message = error_of(official=Official(RuntimeError("unable to get profile with 'p' x-secret")), profile="p")
        assert message.startswith("no credentials: profile 'p' of the Alibaba Cloud CLI gave none")
        assert "(RuntimeError: unable to get profile with 'p')" in message
        assert "aliyun configure" in message

    def test_an_answer_of_sts_shows_its_status_and_code_only(self):
        sts = RuntimeError(
            'httpStatus: get role failed, HttpCode=403, body={"Code": "NoPermission", "Key": "x-secret"}'
        )
        assert '(RuntimeError: HttpCode=403, "Code": "NoPermission")' in error_of(official=Official(sts))

    def test_a_first_failure_is_not_tried_again(self):
        official = Official(RuntimeError("no"), ("c-id", "c-secret", None))
        credentials = DefaultCredentials(environ={}, official=official)
        for _ in range(3):
            with pytest.raises(CredentialsError):
                credentials.get_credentials()
        assert official.asked == 1

    def test_a_later_failure_is(self):
        official = Official(("c-id", "c-secret", None), RuntimeError("no"), ("d-id", "d-secret", None))
        credentials = DefaultCredentials(environ={}, official=official)
        credentials.get_credentials()
        with pytest.raises(CredentialsError):
            credentials.get_credentials()
        assert credentials.get_credentials().access_key_id == "d-id"


def test_keys_of_the_chain_are_asked_for_each_time_so_that_they_are_renewed():
    official = Official(("c-id", "c-secret", "1"), ("d-id", "d-secret", "2"))
    credentials = DefaultCredentials(environ={}, official=official)
    assert [credentials.get_credentials().access_key_id for _ in range(2)] == ["c-id", "d-id"]
    assert official.profiles == [None]


def test_threads_share_one_official_client():
    official = Official()
    credentials = DefaultCredentials(environ={}, official=official)
    threads = [threading.Thread(target=credentials.get_credentials) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (official.profiles, official.asked) == ([None], 8)


def test_repr_shows_no_key():
    credentials = Credentials("x-id", "x-secret", "x-token")
    default = DefaultCredentials("x-id", "x-secret", "x-token", environ={})
    assert not [value for value in VALUES if value in f"{credentials!r} {credentials} {default!r} {default}"]


def test_credentials_give_themselves():
    credentials = Credentials("x-id", "x-secret")
    assert credentials.get_credentials() is credentials


class TestOfficialPackage:
    """The real one, which must not look at this machine: no profile, no metadata service."""

    @pytest.fixture(autouse=True)
    def home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
        (tmp_path / ".aliyun").mkdir()
        profiles = [
            {"name": "default", "mode": "AK", "access_key_id": "p-id", "access_key_secret": "p-secret"},
            {
                "name": "sts",
                "mode": "StsToken",
                "access_key_id": "s-id",
                "access_key_secret": "s-secret",
                "sts_token": "s-token",
            },
        ]
        config = {"current": "default", "profiles": profiles}
        (tmp_path / ".aliyun" / "config.json").write_text(json.dumps(config), encoding="utf-8")
        return tmp_path

    def run(self, program):
        """Run *program* in a process of its own: the package reads environment and home when it is imported."""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        return done.stdout.strip(), done.stderr.strip()

    def test_profiles_of_the_vendors_cli_are_read(self):
        program = (
            "from pulumi_cvc.api import DefaultCredentials as D\n"
            "def show(c): print(c.access_key_id, c.access_key_secret, c.security_token or '-')\n"
            "show(D(profile='sts', environ={}).get_credentials())\n"
            "show(D(environ={'ALICLOUD_PROFILE': 'default'}).get_credentials())\n"
            "show(D(environ={}).get_credentials())\n"
        )
        assert self.run(program) == ("s-id s-secret s-token\np-id p-secret -\np-id p-secret -", "")

    def test_a_missing_profile_is_one_line_and_nothing_on_stderr(self):
        program = (
            "from pulumi_cvc.api import DefaultCredentials as D, CredentialsError\n"
            "try: D(profile='nobody', environ={}).get_credentials()\n"
            "except CredentialsError as error: print(error)\n"
        )
        out, err = self.run(program)
        assert out.startswith("no credentials: profile 'nobody' of the Alibaba Cloud CLI gave none")
        assert "\n" not in out
        assert err == ""

    def test_nothing_at_all_is_one_line_and_nothing_on_stderr(self, home):
        (home / ".aliyun" / "config.json").unlink()
        program = (
            "from pulumi_cvc.api import DefaultCredentials as D, CredentialsError\n"
            "try: D(environ={}).get_credentials()\n"
            "except CredentialsError as error: print(error)\n"
        )
        out, err = self.run(program)
        assert out.startswith("no credentials: tried in this order cvc:accessKeyId, cvc:profile, ALIBABA_CLOUD_")
        assert "\n" not in out
        assert err == ""


def test_the_official_packages_loggers_are_quiet():
    official_client("p")
    loggers = [logging.getLogger(name) for name in ("credentials", "alibabacloud-tea")]
    handlers = [handler for logger in loggers for handler in logger.handlers]
    assert all(isinstance(handler, logging.NullHandler) for handler in handlers)
    assert not any(logger.propagate for logger in loggers)
