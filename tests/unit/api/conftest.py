"""A client whose time, nonces and answers are in the test's hand; nothing sleeps."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import requests

from pulumi_cvc.api import Client, Credentials

# 2026-01-02T03:04:05Z
NOW = 1_767_323_045.0
OK = {"RequestId": "7F3A-OK", "ErrorCode": 0, "Message": "successful!", "Success": True}
ZHANG = {"userId": "123", "userName": "张三", "groupId": "88", "groupName": "阿里巴巴"}
FULL = ZHANG | {
    "userAvatarUrl": "www.abc.com",
    "departId": "1111",
    "departName": "行政部",
    "userEmail": "zs@example.com",
    "userTel": "0571-85022088",
    "userMobile": "13900000000",
}


class Time:
    """Time that only passes when somebody sleeps."""

    def __init__(self):
        self.now = NOW
        self.sleeps = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds


class Service(requests.adapters.BaseAdapter):
    """Takes the place of the network: plays its answers in turn, the last one for ever, and remembers requests.

    An answer is an object (sent as JSON with status 200), bytes, an exception, or (status, body) or
    (status, body, headers).
    """

    def __init__(self):
        super().__init__()
        self.answers = [OK]
        self.requests = []

    def answer(self, *answers):
        self.answers = list(answers)

    def send(self, request, **_kwargs):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = (*answer, {})[:3] if isinstance(answer, tuple) else (200, answer, {})
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response._content_consumed = True
        return response

    def close(self):
        pass


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def service():
    return Service()


def client_of(service, time, credentials=None, **options):
    session = requests.Session()
    session.mount("https://", service)
    nonces = count(1)
    fixed = {
        "clock": time.clock,
        "monotonic": time.clock,
        "sleep": time.sleep,
        "nonce": lambda: f"nonce-{next(nonces)}",
        "random": lambda: 1.0,
        "session": session,
    }
    return Client(credentials or Credentials("testid", "testsecret"), **(fixed | options))


@pytest.fixture
def make_client(service, time):
    """Make a client of the service; what is not said is fixed."""
    return partial(client_of, service, time)


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture(scope="session")
def play():
    """Make a client that meets these answers: for property tests, which need a new one for every example."""

    def play(*answers, **options):
        service = Service()
        service.answer(*answers)
        return client_of(service, Time(), **options)

    return play


@pytest.fixture
def connect(time):
    """Make a client of a real server on loopback, without pauses between attempts."""
    clients = []

    def connect(url, credentials=None, **options):
        fixed = {"sleep": time.sleep, "max_attempts": 1, "timeout_s": 10.0, "endpoint": url}
        client = Client(credentials or Credentials("testid", "testsecret"), **(fixed | options))
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


class Server(http.server.ThreadingHTTPServer):
    """Answers every request with `respond`, a function of the handler, and remembers path and headers."""

    daemon_threads = True

    def __init__(self, respond, context=None):
        self.respond = respond
        self.seen = []
        self.done = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.url = self.url.replace("http", "https")

    def handle_error(self, request, client_address):
        """Clients that hang up are what is tested."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.path, self.headers, body))
        self.server.respond(self)

    def log_message(self, *_args):
        pass


def answer(status, body, headers=()):
    """Make a `respond` that always answers the same."""

    def respond(handler):
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


@pytest.fixture
def serve():
    """Start servers on loopback: gives the server."""
    started = []

    def serve(respond, context: ssl.SSLContext | None = None):
        server = Server(respond, context)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        started.append(server)
        return server

    yield serve
    for server in started:
        server.done.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def respond():
    return answer


@pytest.fixture
def ok():
    return dict(OK)


@pytest.fixture
def zhang():
    """A user with the required fields only."""
    return dict(ZHANG)


@pytest.fixture
def full():
    """A user with every field."""
    return dict(FULL)


@pytest.fixture(scope="session")
def golden():
    path = Path(__file__).parents[2] / "golden" / "signatures.json"
    return json.loads(path.read_text(encoding="utf-8"))
