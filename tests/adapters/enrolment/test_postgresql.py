"""What a second database may do differently: locks, transactions, uniqueness."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.enrolment import test_store as on_sqlite
from tests.adapters.enrolment.making import Portal, opened
from tests.postgresql_server import PostgresqlServer

SAME = (
    on_sqlite.test_the_whole_road_leads_to_a_ticket_number,
    on_sqlite.test_writers_of_one_application_take_turns,
    on_sqlite.test_one_number_has_one_application,
    on_sqlite.test_a_service_that_is_down_counts_nothing_and_is_asked_again,
    on_sqlite.test_an_answer_that_comes_twice_counts_once,
    on_sqlite.test_a_payment_is_once_whatever_comes_of_it,
    on_sqlite.test_no_case_is_shown_to_two_people,
    on_sqlite.test_what_happened_keeps_the_rules_of_its_time,
)


@pytest.mark.system
@pytest.mark.parametrize("test", SAME, ids=lambda test: test.__name__)
def test_it_is_so_on_postgresql(
    test: Callable[[Portal], None], postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    store = opened(tmp_path, postgresql.create())
    test(Portal(store))
    store.engine.dispose()
