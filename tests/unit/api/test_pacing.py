from __future__ import annotations

import pytest

from pulumi_cvc.api import ServiceError
from pulumi_cvc.api._pacing import Pacer


@pytest.fixture
def make_pacer(time):
    return lambda max_qps=None: Pacer(max_qps, time.clock, time.sleep)


def calls_in_the_next_second(pacer, time, *, succeed=True):
    end, calls = time.now + 1, 0
    while True:
        pacer.wait()
        if time.now >= end:
            return calls
        calls += 1
        if succeed:
            pacer.succeeded()


def test_there_is_no_limit_at_first(make_pacer, time):
    pacer = make_pacer()
    for _ in range(1000):
        pacer.wait()
    assert time.sleeps == []
    assert pacer.qps is None


def test_max_qps_spaces_the_calls(make_pacer, time):
    pacer, start = make_pacer(4), time.now
    for _ in range(9):
        pacer.wait()
    assert time.now - start == pytest.approx(2)


def test_the_first_throttling_takes_seven_tenths_of_what_got_through(make_pacer):
    pacer = make_pacer()
    for _ in range(100):
        ticket = pacer.wait()
        pacer.succeeded()
    pacer.slow_down(ticket)
    assert pacer.qps == pytest.approx(70)
    assert pacer.throttled == 1


def test_calls_that_were_under_way_together_slow_down_once(make_pacer):
    pacer = make_pacer()
    tickets = [pacer.wait() for _ in range(50)]
    for _ in range(100):
        pacer.succeeded()
    for ticket in tickets:
        pacer.slow_down(ticket)
    assert pacer.qps == pytest.approx(70)
    pacer.slow_down(pacer.wait())
    assert pacer.qps == pytest.approx(49)
    assert pacer.throttled == 51


def test_the_rate_grows_again_with_success(make_pacer, time):
    pacer = make_pacer()
    for _ in range(100):
        ticket = pacer.wait()
        pacer.succeeded()
    pacer.slow_down(ticket)
    first = calls_in_the_next_second(pacer, time)
    second = calls_in_the_next_second(pacer, time)
    assert 68 <= first <= 80
    assert first + 5 <= second <= first + 15


def test_the_rate_does_not_grow_without_success(make_pacer, time):
    pacer = make_pacer(50)
    pacer.slow_down(pacer.wait())
    before = pacer.qps
    calls_in_the_next_second(pacer, time, succeed=False)
    assert pacer.qps == before


def test_the_limit_goes_away_when_it_is_no_longer_needed(make_pacer):
    pacer = make_pacer()
    for _ in range(1000):
        ticket = pacer.wait()
        pacer.succeeded()
    pacer.slow_down(ticket)
    for _ in range(10_000):
        pacer.wait()
        pacer.succeeded()
    assert pacer.qps is None


def test_the_rate_never_grows_beyond_max_qps(make_pacer):
    pacer = make_pacer(10)
    pacer.slow_down(pacer.wait())
    for _ in range(500):
        pacer.wait()
        pacer.succeeded()
    assert pacer.qps == 10


def test_there_is_always_one_call_a_second(make_pacer, time):
    pacer = make_pacer()
    for _ in range(20):
        pacer.slow_down(pacer.wait())
    assert pacer.qps == 1
    assert max(time.sleeps) <= 1


def test_nobody_calls_before_the_time_that_the_server_asked_for(make_pacer, time):
    pacer, start = make_pacer(), time.now
    pacer.slow_down(pacer.wait(), retry_after_s=30)
    pacer.wait()
    assert time.now - start == pytest.approx(30)


def test_a_turn_from_before_a_throttling_is_given_out_anew(time):
    """One who waits for a turn of the old rate waits again when another is throttled meanwhile."""
    pacer = Pacer(10, time.clock, lambda _seconds: None)
    ticket = pacer.wait()

    def sleep_through_a_throttling(seconds):
        time.sleep(seconds)
        if len(time.sleeps) == 1:
            pacer.slow_down(ticket, retry_after_s=5)

    pacer._sleep = sleep_through_a_throttling
    start = time.now
    pacer.wait()
    assert time.now - start >= 5


def test_a_refusal_by_cvc_counts_as_a_call_that_got_through(service, client, ok):
    """Users who are not there yet answer the reads of a first deployment with a refusal: 70 %, not one a second."""
    service.answer({"Success": False, "ErrorCode": 4004, "Message": "用户不存在"})
    for _ in range(100):
        assert client.get_user("123") is None
    service.answer({"Success": False, "ErrorCode": 1, "Message": "no"})
    with pytest.raises(ServiceError):
        client.get_user("123")
    service.answer((400, {"Code": "Throttling.User"}), ok)
    client.get_user("123")
    assert client._pacer.qps == pytest.approx(0.7 * 101, rel=0.01)
