from django.db import connection, transaction

from core.locks import AdvisoryLock, acquire_lock, try_lock


def test_no_two_locks_share_a_number():
    assert len(AdvisoryLock.__members__) == len(set(AdvisoryLock))


def test_a_lock_is_held_until_the_transaction_ends(transactional_db):
    other = connection.copy()
    try:
        with transaction.atomic(), connection.cursor() as cursor, other.cursor() as rival:
            acquire_lock(cursor, AdvisoryLock.SCORES)
            assert not try_lock(rival, AdvisoryLock.SCORES)
            assert try_lock(rival, AdvisoryLock.DAY_RATES)
        with other.cursor() as rival:
            assert try_lock(rival, AdvisoryLock.SCORES)
    finally:
        other.close()
