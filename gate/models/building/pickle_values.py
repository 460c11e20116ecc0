"""A pickle as plain values, by an allow-list of steps and of names. Nothing in it is ever called.

A pickle is a program for a stack machine: a loader that obeys it imports and calls what the file
names. This one knows the steps that a file of tensors needs. A name is only held against the list
of what may be made, and what makes it is a function of ours. Python's own parser splits the bytes
into steps; it runs nothing.
"""

import pickletools
from collections.abc import Callable, Mapping
from io import BytesIO

from gate.errors import InputDamaged

STEPS_MAX = 200_000
"""The larger of the two files of the pair takes 13,710."""
STACK_MAX = 50_000

Make = Callable[[tuple[object, ...]], object]
"""From a name's arguments to the value that stands for it. ValueError for arguments that do not
fit."""


class Name(str):
    """A name of the allow-list, as a value that is no text."""

    __slots__ = ()


class PickleReader:
    """Reads pickles that stand one behind the other."""

    def __init__(self, allowed: Mapping[str, Make | None], persistent: Make) -> None:
        """`allowed`: dotted names; None where a name may stand but makes nothing. `persistent`:
        what a persistent identifier, a tuple, stands for."""
        self._allowed = allowed
        self._persistent = persistent

    def read(self, file: BytesIO) -> object:
        """The next pickle's value; `file` stands behind it then. InputDamaged: cut short, another
        step or name than the allowed ones (`name`), values that do not fit together."""
        stack = _Stack(self._allowed, self._persistent)
        try:
            for count, (step, argument, _) in enumerate(pickletools.genops(file)):
                if step.name == "STOP":
                    return stack.result()
                if count >= STEPS_MAX or len(stack.values) > STACK_MAX:
                    raise ValueError("more steps than a file of tensors has")
                stack.take(step.name, argument)
        except (ValueError, KeyError, IndexError, TypeError) as e:
            if isinstance(e, InputDamaged):
                raise
            raise damaged(str(e)) from e
        raise damaged("no end")


class _Stack:
    """The machine: values, marks and what was kept under a number."""

    def __init__(self, allowed: Mapping[str, Make | None], persistent: Make) -> None:
        self._allowed = allowed
        self._persistent = persistent
        self.values: list[object] = []
        self._marks: list[int] = []
        self._kept: dict[object, object] = {}

    def take(self, step: str, argument: object) -> None:
        """One step. ValueError, KeyError, IndexError, TypeError, InputDamaged."""
        if step in _CONSTANTS:
            self.values.append(_CONSTANTS[step]())
        elif step in _VALUES:
            self.values.append(argument)
        else:
            act = _ACTS.get(step)
            if act is None:
                raise _refused(f"the step {step}")
            act(self, argument)

    def result(self) -> object:
        """What is left at the end: one value. ValueError for none, for more, for an open mark."""
        (value,) = self.values
        if self._marks:
            raise ValueError("a mark that nothing closes")
        return value

    def _pass_over(self, _: object) -> None:
        """The version, and frames: how the bytes are cut up."""

    def _mark(self, _: object) -> None:
        self._marks.append(len(self.values))

    def _keep(self, number: object) -> None:
        self._kept[number] = self.values[-1]

    def _keep_next(self, _: object) -> None:
        self._kept[len(self._kept)] = self.values[-1]

    def _get(self, number: object) -> None:
        self.values.append(self._kept[number])

    def _tuple(self, _: object) -> None:
        self.values.append(tuple(self._since_mark()))

    def _tuple_of(self, count: int) -> None:
        self.values.append(tuple(self._last(count)))

    def _name(self, written: object) -> None:
        self._push_name(str(written).replace(" ", "."))

    def _name_on_stack(self, _: object) -> None:
        module, name = self._last(2)
        self._push_name(f"{module}.{name}")

    def _push_name(self, dotted: str) -> None:
        if dotted not in self._allowed:
            raise _refused(dotted)
        self.values.append(Name(dotted))

    def _reduce(self, _: object) -> None:
        name, arguments = self._last(2)
        make = self._allowed.get(name) if isinstance(name, Name) else None
        if make is None or not isinstance(arguments, tuple):
            raise _refused(f"a call of {str(name)[:80]}")
        self.values.append(make(arguments))

    def _persistent_value(self, _: object) -> None:
        (identifier,) = self._last(1)
        if not isinstance(identifier, tuple):
            raise TypeError("a persistent identifier that is no tuple")
        self.values.append(self._persistent(identifier))

    def _set_item(self, _: object) -> None:
        self._put(self._last(2))

    def _set_items(self, _: object) -> None:
        self._put(self._since_mark())

    def _put(self, pairs: list[object]) -> None:
        table = self.values[-1]
        if not isinstance(table, dict) or len(pairs) % 2:
            raise TypeError("items for what is no table")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            # Text only: the hash of a tuple in a tuple in a tuple runs down the C stack.
            if type(key) is not str or key in table:
                raise ValueError("a key that is no text, or stands twice")
            table[key] = value

    def _append(self, _: object) -> None:
        self._extend(self._last(1))

    def _appends(self, _: object) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[object]) -> None:
        row = self.values[-1]
        if not isinstance(row, list):
            raise TypeError("values for what is no list")
        row.extend(values)

    def _drop_state(self, _: object) -> None:
        """What a table carries beside its items (versions of layers) is not needed."""
        self._last(1)
        if not isinstance(self.values[-1], dict):
            raise TypeError("a state for what is no table")

    def _last(self, count: int) -> list[object]:
        bottom = self._marks[-1] if self._marks else 0
        if len(self.values) - count < bottom:
            raise ValueError("a step that finds too few values")
        taken = self.values[len(self.values) - count :]
        del self.values[len(self.values) - count :]
        return taken

    def _since_mark(self) -> list[object]:
        mark = self._marks.pop()
        taken = self.values[mark:]
        del self.values[mark:]
        return taken


_CONSTANTS: dict[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
}
_VALUES = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE"})
_ACTS: dict[str, Callable[[_Stack, object], None]] = {
    "PROTO": _Stack._pass_over,
    "FRAME": _Stack._pass_over,
    "MARK": _Stack._mark,
    "BINPUT": _Stack._keep,
    "LONG_BINPUT": _Stack._keep,
    "MEMOIZE": _Stack._keep_next,
    "BINGET": _Stack._get,
    "LONG_BINGET": _Stack._get,
    "TUPLE": _Stack._tuple,
    "TUPLE1": lambda stack, _: stack._tuple_of(1),
    "TUPLE2": lambda stack, _: stack._tuple_of(2),
    "TUPLE3": lambda stack, _: stack._tuple_of(3),
    "GLOBAL": _Stack._name,
    "INST": _Stack._name,
    "STACK_GLOBAL": _Stack._name_on_stack,
    "REDUCE": _Stack._reduce,
    "BINPERSID": _Stack._persistent_value,
    "SETITEM": _Stack._set_item,
    "SETITEMS": _Stack._set_items,
    "APPEND": _Stack._append,
    "APPENDS": _Stack._appends,
    "BUILD": _Stack._drop_state,
}


def damaged(detail: str) -> InputDamaged:
    """For a file that is not whole, or whose parts do not fit together."""
    return InputDamaged(
        f"The file of tensors is damaged ({detail[:120]}): fetch it again, and do not use this "
        "copy.",
        "张量文件已损坏：请重新获取，勿使用。",
    )


def _refused(what: str) -> InputDamaged:
    return InputDamaged(
        f"The file of tensors asks for {what}, which no tensor needs: nothing of it was run, and "
        "it is not used; fetch it again from its makers.",
        f"张量文件要求 {what}，并非张量所需：未执行任何内容，已拒绝；请从原发布处重新获取。",
        name=what,
    )
