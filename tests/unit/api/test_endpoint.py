from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cvc.api import DEFAULT_ENDPOINT, ConfigurationError, check_endpoint
from pulumi_cvc.api._endpoint import parse_endpoint


@pytest.mark.parametrize(
    ("given_", "url"),
    [
        (DEFAULT_ENDPOINT, "https://aliyuncvc.cn-hangzhou.aliyuncs.com"),
        ("aliyuncvc.cn-hangzhou.aliyuncs.com", "https://aliyuncvc.cn-hangzhou.aliyuncs.com"),
        (" HTTPS://Example.COM/ ", "https://example.com"),
        ("example.com:8443", "https://example.com:8443"),
        ("https://example.com:443", "https://example.com"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_taken(given_, url):
    assert check_endpoint(given_) == url
    assert check_endpoint(url) == url


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ("http://aliyuncvc.cn-hangzhou.aliyuncs.com", "must start with https://"),
        ("http://10.0.0.1", "must start with https://"),
        ("http://localhost.example.com", "must start with https://"),
        ("http://127.0.0.1.example.com", "must start with https://"),
        ("http://2130706433", "must start with https://"),
        ("ftp://example.com", "must start with https://"),
        ("https://user:password@example.com", "user name or a password"),
        ("http://127.0.0.1@example.com", "user name or a password"),
        ("https://example.com/path", "without a path"),
        ("https://example.com?a=b", "without a path"),
        ("https://example.com#a", "without a path"),
        ("", "no host name"),
        ("https://", "no host name"),
        ("https://exa mple.com", "no host name"),
        ("https://例子.com", "no host name"),
        ("https://-example.com", "no host name"),
        ("https://example.com:port", "not a host with an optional port"),
        ("https://example.com:99999", "not a host with an optional port"),
        ("https://[::1", "not a host with an optional port"),
    ],
)
def test_refused(given_, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        check_endpoint(given_)
    assert "password@" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("endpoint", "is_loopback"),
    [("127.0.0.1", True), ("https://[::1]", True), ("localhost", True), ("10.0.0.1", False), (DEFAULT_ENDPOINT, False)],
)
def test_loopback(endpoint, is_loopback):
    assert parse_endpoint(endpoint).is_loopback is is_loopback


@given(st.text() | st.from_regex(r"https?://[\w.:@\[\]/?#-]*"))
def test_whatever_is_given_is_taken_or_refused(endpoint):
    try:
        url = check_endpoint(endpoint)
    except ConfigurationError as error:
        url, said = None, str(error)
    assert url is not None or said.isprintable()
    assert url is None or (url.isascii() and check_endpoint(url) == url)
