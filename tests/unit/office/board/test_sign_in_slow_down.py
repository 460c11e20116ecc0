"""Wrong passwords of one name wait; another name and another address do not."""

from gate.core.pin_slow_down import ACCOUNT_BURST, FREE
from office.board.sign_in_slow_down import SignInSlowDown


def test_a_name_waits_at_one_address_after_wrong_passwords() -> None:
    now_s = 100.0
    slow = SignInSlowDown(lambda: now_s)
    for _ in range(FREE):
        assert slow.wait_s("wang", "10.0.0.1") == 0
        slow.wrong("wang", "10.0.0.1")
    assert slow.wait_s("wang", "10.0.0.1") > 0
    assert slow.wait_s("li", "10.0.0.1") == 0
    slow.right("li", "10.0.0.1")
    assert slow.wait_s("wang", "10.0.0.2") == 0
    slow.right("wang", "10.0.0.2")
    now_s += 60
    assert slow.wait_s("wang", "10.0.0.1") == 0


def test_many_addresses_share_the_turns_of_a_name_and_its_owner_gets_one() -> None:
    now_s = 100.0
    slow = SignInSlowDown(lambda: now_s)
    for n in range(ACCOUNT_BURST):
        assert slow.wait_s("wang", f"10.0.1.{n}") == 0
        slow.wrong("wang", f"10.0.1.{n}")
    assert slow.wait_s("wang", "10.0.2.1") > 0
    wait_s = slow.wait_s("wang", "10.0.0.1")
    assert wait_s > 0
    now_s += wait_s
    assert slow.wait_s("wang", "10.0.2.1") == 0
    slow.wrong("wang", "10.0.2.1")
    assert slow.wait_s("wang", "10.0.0.1") == 0
