"""A running emulator, and a client that signs in its own way: neither the emulator's code nor the provider's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid
from pathlib import Path

import pytest
import requests

from pulumi_cvc.emulator import Emulator

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "signatures.json").read_text(encoding="utf-8"))
VERSION = "2019-10-30"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now=1_767_323_045.0):
        self.now = now

    def __call__(self):
        return self.now


def time_stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def encode(text):
    return urllib.parse.quote(str(text), safe="")


def joined(parameters):
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(parameters.items()))


class Client:
    """Calls the service and gives `requests.Response`; `get` and the like give the answer's JSON."""

    def __init__(self, session, url, clock=time.time, key="testid", secret="testsecret", token=None, kind="acs3"):
        self.session, self.url, self.clock = session, url, clock
        self.key, self.secret, self.token, self.kind = key, secret, token, kind

    def create(self, *users):
        return self.send("CreateUser", form=batch(users)).json()

    def delete(self, *user_ids):
        return self.send("DeleteUser", form=batch([{"userId": user_id} for user_id in user_ids])).json()

    def get(self, user_id):
        return self.send("GetUser", query={"UserId": user_id}).json()

    def members(self, meeting):
        return self.send("ListMembers", query={"MeetingUUID": meeting}).json()

    def send(self, action, *, query=None, form=None, method="POST", **changes):
        """Send a signed request; *changes* replace headers (V3) or parameters (HMAC-SHA1), None leaves out."""
        sign = self.acs3 if self.kind == "acs3" else self.sha1
        request = sign(action, dict(query or {}), dict(form or {}), method, changes)
        return self.session.send(request, timeout=30)

    def acs3(self, action, query, form, method, changes):
        body = urllib.parse.urlencode(form).encode()
        headers = {
            "host": urllib.parse.urlsplit(self.url).netloc,
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": time_stamp(self.clock()),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        }
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        if self.token:
            headers |= {"x-acs-accesskey-id": self.key, "x-acs-security-token": self.token}
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        headers = {name: value for name, value in headers.items() if value is not None}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = "\n".join((method, "/", joined(query), lines, names, hashlib.sha256(body).hexdigest()))
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.new(self.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = f"ACS3-HMAC-SHA256 Credential={self.key},SignedHeaders={names},Signature={signature}"
        return self.prepared(method, urllib.parse.urlencode(query), headers, body)

    def sha1(self, action, query, form, method, changes):
        common = {
            "Action": action,
            "Version": VERSION,
            "Format": "JSON",
            "AccessKeyId": self.key,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureType": "",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": time_stamp(self.clock()),
        }
        if self.token:
            common["SecurityToken"] = self.token
        common = {name: value for name, value in (common | changes).items() if value is not None}
        to_sign = f"{method}&%2F&{encode(joined(common | query | form))}"
        mac = hmac.new(f"{self.secret}&".encode(), to_sign.encode(), hashlib.sha1)
        common.setdefault("Signature", base64.b64encode(mac.digest()).decode())
        headers = {"content-type": "application/x-www-form-urlencoded"} if form else {}
        url_query = urllib.parse.urlencode(common | query)
        return self.prepared(method, url_query, headers, urllib.parse.urlencode(form).encode())

    def prepared(self, method, query, headers, body):
        request = requests.Request(method, self.url + "/", headers=headers, data=body or None)
        prepared = request.prepare()
        prepared.url += f"?{query}" if query else ""
        return prepared


def batch(users):
    users = list(users)
    return {"Count": len(users), "UserInfo": json.dumps(users, ensure_ascii=False)}


@pytest.fixture(scope="session")
def session():
    """No proxy of the environment stands between the tests and the loopback."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="session")
def shared():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(shared):
    """The emulator with default options, empty."""
    shared.clear_users()
    shared.clear_faults()
    shared.clear_requests()
    return shared


@pytest.fixture
def connect(session):
    """Make a client of an emulator."""
    return lambda emulator, **options: Client(session, emulator.url, **options)


@pytest.fixture
def client(emulator, connect):
    """A client that signs the V3 way."""
    return connect(emulator)


@pytest.fixture
def run(session):
    """Start emulators with options of their own: gives the emulator and a client of it."""
    started = []

    def run(clock=time.time, *, signing_clock=None, **options):
        emulator = Emulator(**options, clock=clock)
        started.append(emulator)
        return emulator, Client(session, emulator.url, clock=signing_clock or clock)

    yield run
    for emulator in started:
        emulator.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def golden():
    return GOLDEN


@pytest.fixture
def zhang():
    """A user with the required fields only."""
    return {"userId": "123", "userName": "张三", "groupId": "88", "groupName": "阿里巴巴"}


@pytest.fixture
def full(zhang):
    """A user with every field."""
    return zhang | {
        "userAvatarUrl": "www.abc.com",
        "departId": "1111",
        "departName": "行政部",
        "userEmail": "zs@example.com",
        "userTel": "0571-1",
        "userMobile": "13900000000",
    }
