"""The tree: every error has a remedy, a builtin it resembles, an exit code and two languages."""

import inspect
import pickle

import pytest

from gate import errors
from gate.errors import GateBug, GateError, InputRejected, OperatorMustAct, RetryLater, ending

REMEDIES = (RetryLater, InputRejected, OperatorMustAct, GateBug)
LEAVES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind is not GateError and kind not in (RetryLater, OperatorMustAct)
]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda k: k.__name__)
def test_every_error_has_one_remedy_and_a_builtin(kind: type[GateError]) -> None:
    assert sum(issubclass(kind, remedy) for remedy in REMEDIES) == 1
    builtins = [b for b in kind.__mro__ if b.__module__ == "builtins"]
    assert len(builtins) > 3, "Exception, BaseException, object and one more"
    assert kind.exit_code in {1, 2, 3, 4, 5, 6, 7, 8, 70}


@pytest.mark.parametrize("kind", LEAVES, ids=lambda k: k.__name__)
def test_facts_are_attributes_and_survive_pickling(kind: type[GateError]) -> None:
    error = pickle.loads(pickle.dumps(kind("Do this.", "请这样做。", path="x")))
    assert (error.en, error.zh, error.path, str(error)) == (
        "Do this.",
        "请这样做。",
        "x",
        "Do this.",
    )
    assert not hasattr(error, "other")


def test_an_unexpected_error_is_our_bug() -> None:
    assert ending(ZeroDivisionError())[0] == 70
    assert ending(ModuleNotFoundError("x", name="gate.nowhere"))[0] == 70
    assert ending(InputRejected("Give another."))[0] == 4


def test_a_package_that_is_not_installed_is_named_with_what_installs_it() -> None:
    """A unit lacks what only the office needs; the office's commands are there all the same."""
    code, en, zh = ending(ModuleNotFoundError("x", name="cryptography.x509"))
    assert code == 4
    assert "cryptography.x509" in en
    assert "pip install '.[office]'" in en
    assert "pip install '.[office]'" in zh
