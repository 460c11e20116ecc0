"""What a command carries: an allow-list; nothing else gets past it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.command_args import (
    ArgsRefused,
    Close,
    Configure,
    Resend,
    ShowMessage,
    Update,
    task_of,
)
from gate.core.configuration import Configuration
from gate.core.office_commands import Verb
from gate.errors import UsageError
from office.receiving.command_words import EXAMPLES, args_of
from tests.examples import examples

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["ranges", "epoch", "paper", "zh", "en", "set", "url", "__class__"])


@pytest.mark.parametrize(
    ("verb", "args", "task"),
    [
        ("resend", {"ranges": [[1, 5], [9, 9]]}, Resend(((1, 5), (9, 9)))),
        ("close", {"paper": "00015-am"}, Close("00015-am")),
        ("message", {"zh": "请看时钟"}, ShowMessage("请看时钟", "")),
        ("configure", {"set": {"heartbeat_s": 30}}, Configure({"heartbeat_s": 30})),
    ],
)
def test_what_is_asked_for(verb: str, args: dict[str, object], task: object) -> None:
    assert task_of(verb, args) == task


@pytest.mark.parametrize("version", ["0.2.0", "0.2.0~deb13", "1.0+b1"])
def test_a_version_is_one_of_debian(version: str) -> None:
    assert task_of("update", {"version": version}) == Update(version)


@pytest.mark.parametrize(
    "version", ["", "x", "0.2 0", "0;rm", "0/../x", "-o", "0" * 33, "0\n", 2, None, "１"]
)
def test_nothing_else_is_handed_to_root(version: object) -> None:
    with pytest.raises(ArgsRefused, match="version"):
        task_of("update", {"version": version})


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("update", {}),
        ("rollback", {"version": "0.1.0"}),
        ("resend", {}),
        ("resend", {"ranges": []}),
        ("resend", {"ranges": [[5, 1]]}),
        ("resend", {"ranges": [[0, 1]]}),
        ("resend", {"ranges": [[True, 2]]}),
        ("resend", {"ranges": [[1, 2]] * 65}),
        ("resend", {"ranges": [[1, 2]], "epoch": "x"}),
        ("close", {"paper": ""}),
        ("close", {"paper": "a\nb"}),
        ("message", {"zh": " "}),
        ("message", {"zh": "x" * 501}),
        ("message", {"zh": "evil \u202e text"}),
        ("configure", {"set": {}}),
        ("configure", {"set": {"heartbeat_s": 9}}),
        ("configure", {"set": {"heartbeat_s": True}}),
        ("configure", {"set": {"mirror": 1}}),
        ("configure", {"set": {"mqtt.host": "evil"}}),
        ("restart", {"now": True}),
        ("fetch-roster", {"url": "https://evil"}),
        ("explode", {}),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(verb: str, args: dict[str, object]) -> None:
    with pytest.raises(ArgsRefused, match=r"\."):
        task_of(verb, args)


@given(st.sampled_from([*Verb, "other"]), st.dictionaries(KEYS, ANY, max_size=3))
@examples(150)
def test_anything_is_a_task_or_a_sentence(verb: str, args: dict[str, object]) -> None:
    with contextlib.suppress(ArgsRefused):
        task = task_of(verb, args)
        if isinstance(task, Configure):
            assert set(task.changes) <= Configuration().reported().keys()


@pytest.mark.parametrize("verb", list(Verb))
def test_every_example_is_one(verb: Verb) -> None:
    words = EXAMPLES[verb].split(" --")[0].split()
    assert words[0] == verb
    args_of(verb, words[1:])


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("explode", []),
        ("resend", ["x"]),
        ("resend", ["9-1"]),
        ("restart", ["now"]),
        ("configure", ["heartbeat_s"]),
        ("configure", ["heartbeat_s=fast"]),
        ("message", []),
    ],
)
def test_what_a_person_mistypes_is_told_before_anything_is_signed(
    verb: str, words: list[str]
) -> None:
    with pytest.raises(UsageError):
        args_of(verb, words)
