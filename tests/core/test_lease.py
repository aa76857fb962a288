"""One operator at a time, known by epoch and secret, and only while heard from."""

from __future__ import annotations

import itertools

from rove_teleop.core.lease import Lease

SECOND = 1_000_000_000


def make_lease() -> Lease:
    secrets = itertools.count(1)
    return Lease(2 * SECOND, lambda: f'secret-{next(secrets)}')


def test_the_first_who_asks_gets_it_and_the_second_is_told_who_has_it() -> None:
    lease = make_lease()
    first, second = lease.acquire('ann', 0), lease.acquire('bob', SECOND)
    assert (first.granted, first.epoch, first.secret) == (True, 1, 'secret-1')
    assert not second.granted
    assert second.reason == "held by 'ann' until it is given back"
    assert second.secret == ''


def test_a_holder_without_his_secret_is_a_stranger() -> None:
    lease = make_lease()
    lease.acquire('ann', 0)
    assert not lease.acquire('ann', SECOND).granted


def test_renewing_with_the_secret_keeps_the_epoch() -> None:
    lease = make_lease()
    grant = lease.acquire('ann', 0)
    for second in range(1, 6):
        assert lease.acquire('ann', second * SECOND, grant.secret).epoch == grant.epoch


def test_two_seconds_of_silence_free_it_and_make_old_messages_stale() -> None:
    lease = make_lease()
    old = lease.acquire('ann', 0)
    assert lease.expire(2 * SECOND) == ''
    assert lease.expire(2 * SECOND + 1) == 'ann'
    assert lease.expire(3 * SECOND) == ''
    new = lease.acquire('ann', 3 * SECOND)
    assert new.epoch == old.epoch + 1
    assert lease.refusal('ann', old.epoch) == 'stale lease epoch 1; the present one is 2'
    assert lease.refusal('ann', new.epoch) == ''


def test_heartbeats_keep_it_and_only_the_holders_count() -> None:
    lease = make_lease()
    epoch = lease.acquire('ann', 0).epoch
    assert lease.heartbeat('ann', epoch, 2 * SECOND)
    assert not lease.heartbeat('bob', epoch, 3 * SECOND)
    assert not lease.heartbeat('ann', epoch + 1, 3 * SECOND)
    assert lease.expire(4 * SECOND) == ''
    assert lease.expire(4 * SECOND + 1) == 'ann'


def test_a_late_heartbeat_does_not_shorten_the_lease() -> None:
    lease = make_lease()
    epoch = lease.acquire('ann', 0).epoch
    lease.heartbeat('ann', epoch, 2 * SECOND)
    lease.heartbeat('ann', epoch, SECOND)
    assert lease.expire(4 * SECOND) == ''


def test_giving_back_needs_the_secret() -> None:
    lease = make_lease()
    grant = lease.acquire('ann', 0)
    assert not lease.give_back('ann', 'guessed')
    assert not lease.give_back('bob', grant.secret)
    assert lease.give_back('ann', grant.secret)
    assert lease.acquire('bob', 1).granted


def test_nobody_owns_a_free_lease() -> None:
    lease = make_lease()
    assert not lease.owns('', '')
    assert not lease.acquire('', 0).granted
    assert 'nobody holds' in lease.refusal('ann', 0)


def test_a_refusal_is_told_once_until_the_next_grant() -> None:
    lease = make_lease()
    grant = lease.acquire('ann', 0)
    for second in (1, 2):
        lease.heartbeat('ann', grant.epoch, second * SECOND)
        lease.acquire('bob', second * SECOND)
        lease.acquire('eve', second * SECOND, 'guessed')
    held = "held by 'ann' until it is given back"
    assert list(lease.refusals) == [('bob', held), ('eve', held)]
    lease.refusals.clear()
    assert lease.give_back('ann', grant.secret)
    lease.acquire('ann', 3 * SECOND)
    lease.acquire('bob', 3 * SECOND)
    assert list(lease.refusals) == [('bob', held)]


def test_a_storm_of_strangers_does_not_fill_the_memory() -> None:
    lease = make_lease()
    lease.acquire('ann', 0)
    for count in range(10_000):
        assert not lease.acquire(f'stranger-{count}', 1).granted
    assert len(lease.refusals) == 64


def test_a_secret_of_an_earlier_grant_is_worth_nothing() -> None:
    lease = make_lease()
    old = lease.acquire('ann', 0)
    lease.give_back('ann', old.secret)
    new = lease.acquire('ann', 1)
    assert not lease.owns('ann', old.secret)
    assert not lease.give_back('ann', old.secret)
    assert not lease.acquire('ann', 2, old.secret).granted
    assert lease.owns('ann', new.secret)


def test_a_secret_of_any_text_is_compared_and_never_raises() -> None:
    lease = make_lease()
    lease.acquire('ann', 0)
    for guess in ('', 'sécret', '秘密', '\x00', 'x' * 100_000):
        assert not lease.owns('ann', guess)


def test_reasons_say_whose_lease_it_is() -> None:
    lease = Lease(of='director')
    assert lease.refusal('director', 1).startswith('nobody holds the director lease')
