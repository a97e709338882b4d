"""What goes wrong between here and the service, on real sockets of the loopback."""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
import threading

import pytest
import trustme

from pulumi_cvc.api import AnswerError, Credentials, GatewayError, UnreachableError

SUCCESS = b'{"Success": true}'


def error_of(client, kind=UnreachableError):
    with pytest.raises(kind) as caught:
        client.get_user("123")
    assert str(caught.value).isprintable()
    assert "test" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def hang_up(handler):
    handler.close_connection = True


def hang_up_in_the_middle(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(SUCCESS)
    handler.close_connection = True


def wait(handler):
    handler.server.done.wait(30)
    handler.close_connection = True


def wait_in_the_middle(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.flush()
    wait(handler)


class TestNoAnswer:
    def test_nobody_listens(self, connect, closed_port, time):
        message = error_of(connect(f"http://127.0.0.1:{closed_port}", max_attempts=3))
        assert message == (
            f"GetUser failed for user '123': 127.0.0.1:{closed_port} refused the connection (3 attempts); "
            "check cvc:endpoint, DNS and the network"
        )
        assert len(time.sleeps) == 2

    def test_nobody_knows_the_name(self, connect, monkeypatch):
        def getaddrinfo(*_args, **_kwargs):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        message = error_of(connect("https://cvc.invalid", max_attempts=2))
        assert "the host name cvc.invalid could not be resolved (2 attempts)" in message

    def test_the_server_hangs_up(self, connect, serve):
        server = serve(hang_up)
        message = error_of(connect(server.url, max_attempts=2))
        assert f"127.0.0.1:{server.server_port} dropped the connection (2 attempts)" in message
        assert len(server.seen) == 2

    def test_the_server_hangs_up_in_the_middle_of_its_answer(self, connect, serve):
        server = serve(hang_up_in_the_middle)
        assert "dropped the connection (2 attempts)" in error_of(connect(server.url, max_attempts=2))
        assert len(server.seen) == 2

    @pytest.mark.parametrize("respond", [wait, wait_in_the_middle])
    def test_the_server_takes_too_long(self, connect, serve, respond):
        server = serve(respond)
        message = error_of(connect(server.url, max_attempts=2, timeout_s=0.05))
        assert "gave no answer within 0.05 s (2 attempts); check the network, or raise cvc:timeout" in message
        assert len(server.seen) == 2

    def test_the_answer_is_no_http(self, connect, serve):
        def respond(handler):
            handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
            handler.close_connection = True

        assert "dropped the connection" in error_of(connect(serve(respond).url))


class TestTls:
    def test_a_certificate_of_nobody_known_is_refused_and_not_tried_again(self, connect, serve, respond, tls):
        server = serve(respond(200, SUCCESS), tls)
        message = error_of(connect(server.url, max_attempts=5))
        assert f"TLS: the certificate of 127.0.0.1:{server.server_port} could not be verified;" in message
        assert "REQUESTS_CA_BUNDLE" in message
        assert server.seen == []

    def test_an_authority_of_ones_own_is_taken_from_the_environment(
        self, connect, serve, respond, tls, authority, monkeypatch
    ):
        with authority.cert_pem.tempfile() as bundle:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
            connect(serve(respond(200, SUCCESS), tls).url).delete_users(["123"])

    def test_a_certificate_for_another_host_is_refused(self, connect, serve, respond, authority, monkeypatch):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("example.com").configure_cert(context)
        with authority.cert_pem.tempfile() as bundle:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
            assert "could not be verified" in error_of(connect(serve(respond(200, SUCCESS), context).url))

    def test_a_bundle_that_is_not_there_is_named(self, connect, monkeypatch, tmp_path, closed_port):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
        message = error_of(connect(f"https://127.0.0.1:{closed_port}", max_attempts=5))
        assert "the file that REQUESTS_CA_BUNDLE names cannot be read;" in message

    def test_a_server_without_tls_is_not_tried_again(self, connect, serve, respond):
        server = serve(respond(200, SUCCESS))
        message = error_of(connect(server.url.replace("http", "https"), max_attempts=5))
        assert "TLS: no secure connection to 127.0.0.1" in message


class TestOddAnswers:
    @pytest.mark.parametrize(("status", "attempts"), [(200, 2), (414, 1), (502, 2)])
    def test_html(self, connect, serve, respond, status, attempts):
        server = serve(respond(status, b"<html><body>13900000000</body></html>", [("Content-Type", "text/html")]))
        message = error_of(connect(server.url, max_attempts=2), AnswerError if status == 200 else GatewayError)
        assert "the answer is HTML" in message
        assert f"(HTTP {status}" in message
        assert "139" not in message
        assert len(server.seen) == attempts

    @pytest.mark.parametrize("body", [b"", b"{", b"\x00\xff"])
    def test_damaged(self, connect, serve, respond, body):
        server = serve(respond(200, body))
        error_of(connect(server.url, max_attempts=3), AnswerError)
        assert len(server.seen) == 3

    def test_a_body_that_is_not_as_its_encoding_says(self, connect, serve, respond):
        server = serve(respond(200, b"no gzip", [("Content-Encoding", "gzip")]))
        assert "dropped the connection" in error_of(connect(server.url))

    def test_redirects_are_not_followed(self, connect, serve, respond):
        elsewhere = serve(respond(200, SUCCESS))
        server = serve(respond(307, b"", [("Location", elsewhere.url)]))
        assert "(HTTP 307); redirects are not followed" in error_of(connect(server.url), GatewayError)
        assert elsewhere.seen == []


class TestWhatIsSent:
    def test_the_host_header_is_the_one_that_is_signed(self, connect, serve, respond):
        server = serve(respond(200, SUCCESS))
        connect(server.url).create_users([{"userId": "123", "userName": "张三"}])
        ((path, headers, body),) = server.seen
        assert path == "/"
        assert headers.get_all("host") == [f"127.0.0.1:{server.server_port}"]
        assert headers.get_all("content-length") == [str(len(body))]
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        assert "host;" in headers["authorization"]

    def test_no_nonce_is_used_twice(self, connect, serve, respond):
        server = serve(respond(200, SUCCESS))
        for client in (connect(server.url), connect(server.url)):
            client.delete_users(["123"])
            client.delete_users(["123"])
        assert len({headers["x-acs-signature-nonce"] for _, headers, _ in server.seen}) == 4

    def test_netrc_is_not_used(self, connect, serve, respond, monkeypatch, tmp_path):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password secret\n", encoding="utf-8")
        monkeypatch.setenv("NETRC", str(netrc))
        server = serve(respond(200, SUCCESS))
        connect(server.url).delete_users(["123"])
        connect(server.url, signature="hmac-sha1").delete_users(["123"])
        acs3, sha1 = (headers for _, headers, _ in server.seen)
        assert acs3["authorization"].startswith("ACS3-HMAC-SHA256 ")
        assert "authorization" not in sha1

    def test_no_cookie_is_kept(self, connect, serve, respond):
        server = serve(respond(200, SUCCESS, [("Set-Cookie", "a=b")]))
        client = connect(server.url)
        client.delete_users(["123"])
        client.delete_users(["123"])
        assert [headers["cookie"] for _, headers, _ in server.seen] == [None, None]

    def test_no_proxy_stands_before_the_loopback(self, connect, serve, respond, monkeypatch):
        proxy, server = serve(respond(502, b"")), serve(respond(200, SUCCESS))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        connect(server.url).delete_users(["123"])
        assert (len(proxy.seen), len(server.seen)) == (0, 1)

    def test_a_proxy_is_used_for_the_service(self, connect, serve, respond, monkeypatch):
        proxy = serve(respond(502, b""))
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url.replace("//", "//someone:password@"))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        message = error_of(connect("https://cvc.invalid"))
        assert "the proxy failed; check HTTPS_PROXY and NO_PROXY" in message
        assert "password" not in message

    def test_connections_are_kept_alive(self, connect, serve):
        ports = set()

        def respond(handler):
            ports.add(handler.client_address[1])
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(SUCCESS)))
            handler.end_headers()
            handler.wfile.write(SUCCESS)

        client = connect(serve(respond).url)
        for _ in range(5):
            client.delete_users(["123"])
        assert len(ports) == 1

    def test_no_more_than_max_connections_are_under_way(self, connect, serve, respond):
        lock, most, now = threading.Lock(), 0, 0
        answer = respond(200, SUCCESS)

        def count(handler):
            nonlocal most, now
            with lock:
                now += 1
                most = max(most, now)
            handler.server.done.wait(0.005)
            with lock:
                now -= 1
            answer(handler)

        client = connect(serve(count).url, max_connections=2)
        threads = [threading.Thread(target=client.delete_users, args=(["123"],)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most <= 2

    @pytest.mark.parametrize("signature", ["acs3-hmac-sha256", "hmac-sha1"])
    def test_no_log_shows_a_signature_or_what_was_sent(self, connect, serve, respond, caplog, signature):
        server = serve(respond(400, json.dumps({"Code": "X", "Message": "张三 13900000000"}).encode()))
        client = connect(server.url, signature=signature)
        with caplog.at_level(logging.DEBUG), pytest.raises(GatewayError):
            client.create_users([{"userId": "123", "userName": "张三", "userMobile": "13900000000"}])
        assert [record.name for record in caplog.records if "pool" in record.name]
        assert not re.search("signature|testid|testsecret|张三|139|%", caplog.text, re.IGNORECASE)

    def test_odd_credentials_are_not_shown(self, connect, serve, respond):
        server = serve(respond(200, SUCCESS))
        message = error_of(connect(server.url, Credentials("a\nb", "secret", "tok\nen")))
        assert "the request could not be sent as it is; check cvc:endpoint and the credentials" in message
        assert server.seen == []
