"""The error tree, sorted by remedy. Imports nothing.

Every error carries one sentence that says what to do, in English and Chinese. It carries its facts
as attributes, and the exit code of the command that ends with it. Each also inherits the builtin it
resembles, so a caller may catch either. Four remedies:

* wait and try again      -> `RetryLater`
* give another input      -> `InputRejected`
* a person must act       -> `OperatorMustAct`
* our own mistake         -> `GateBug`

Anything else that escapes is a bug of ours and ends the process with exit code 70.
"""


class GateError(Exception):
    """Root of the tree. `en`, `zh`: one sentence each; other keywords become attributes."""

    exit_code = 70

    def __init__(self, en: str, zh: str = "", **facts: object) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh or en
        self.facts = facts

    def __getattr__(self, name: str) -> object:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.en, self.zh, self.facts))


def _rebuild(kind: type[GateError], en: str, zh: str, facts: dict[str, object]) -> GateError:
    return kind(en, zh, **facts)


_OURS = ("gate", "office", "enrolment")


def ending(error: Exception) -> tuple[int, str, str]:
    """How a command ends with `error`: exit code, English and Chinese sentence."""
    if isinstance(error, GateError):
        return error.exit_code, error.en, error.zh
    if isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[0] not in _OURS:
        return (
            4,
            f"The Python package {error.name} is not installed: in this program's folder run "
            "pip install '.[office]' for the office, '.[enrolment]' for the portal, "
            "'.[build]' for networks, '.[calibrate]' for reports; on a unit run "
            "apt install python3-picamera2 python3-lgpio.",
            f"缺少 Python 包 {error.name}：请在本程序目录运行 pip install '.[office]'（考试中心）、"
            "'.[enrolment]'（报名平台）、'.[build]'（构建模型）"
            "或 '.[calibrate]'（校准报告）；"
            "闸机请运行 apt install python3-picamera2 python3-lgpio。",
        )
    name = type(error).__name__
    return (
        70,
        f"A bug ({name}): please report it with the log.",
        f"程序错误（{name}），请附日志报告。",
    )


# -- wait and try again ------------------------------------------------------------------------


class RetryLater(GateError):
    """The same call may succeed later without anybody acting."""


class NetworkFault(RetryLater, ConnectionError):
    """Broker or network not reachable."""

    exit_code = 8


class StorageRefused(RetryLater, OSError):
    """The disk takes no more (full, read-only, cannot be opened): retry once it works again."""

    exit_code = 7


class FrameTimeout(RetryLater, TimeoutError):
    """The camera gave no new frame in time."""

    exit_code = 6


# -- give another input ------------------------------------------------------------------------


class InputRejected(GateError, ValueError):
    """What was handed in is unusable; another may be handed in."""

    exit_code = 4


class InputDamaged(InputRejected):
    """A file is missing, cut short or altered."""


class PhotoRejected(InputRejected):
    """A ticket photo is unusable; `reason` says why."""


class SdtError(InputRejected):
    """Bytes from the card reader that are not a frame of the SDT protocol."""


class ConfigInvalid(InputRejected):
    """Configuration or exam description; `faults` lists every one of them."""

    exit_code = 3

    @classmethod
    def of(cls, source: object, faults: list[str] | tuple[str, ...]) -> "ConfigInvalid":
        """Every one of `faults` in one message; `source` names the file."""
        listed = "\n".join(f"  - {fault}" for fault in faults)
        return cls(
            f"{source} has {len(faults)} mistake(s); correct them:\n{listed}",
            f"{source} 有 {len(faults)} 处错误，请改正（见上）。",
            path=str(source),
            faults=tuple(faults),
        )


class UsageError(InputRejected):
    """A command or a control-socket request that does not fit its form."""

    exit_code = 2


class NoSuchEntry(InputRejected, LookupError):
    """A typed ticket, number, seat or decision that fits nobody, or more than one; `matches`."""

    exit_code = 1


class Refused(InputRejected, PermissionError):
    """Signature, version, expiry or permission forbids it."""

    exit_code = 5


class SignatureRefused(Refused):
    """Signed by nobody we trust, or changed since it was signed."""


class VersionRefused(Refused):
    """Older than, or equal to, what is installed."""


class ExpiryRefused(Refused):
    """Outside its time of validity."""


# -- a person must act -------------------------------------------------------------------------


class OperatorMustAct(GateError):
    """Nothing works again until a person does something; the sentence says what."""


class HardwareFault(OperatorMustAct, OSError):
    """Hardware missing, busy or not answering."""

    exit_code = 6


class CameraMissing(HardwareFault):
    """No camera, or it belongs to another process."""


class SecondCameraMissing(CameraMissing):
    """The second camera does not answer, or gives no frames; the first one works."""


class CamerasSwapped(HardwareFault):
    """First and second camera have changed places: `side` asked for, `baseline_cm` found."""


class ScenesDiffer(HardwareFault):
    """The two cameras do not see the same: `matched` of `compared` pictures, `error_px`."""


class PairUnknown(OperatorMustAct, ValueError):
    """The pair of cameras is not calibrated, or for other pictures than it gives."""

    exit_code = 4


class ReaderMissing(HardwareFault):
    """The card reader's serial port is absent, busy, or the module is silent."""


class ScannerMissing(HardwareFault):
    """A scanner's serial port is absent, busy or may not be opened."""


class SignalsMissing(HardwareFault):
    """The GPIO lines of lamps, buzzer or barrier cannot be claimed."""


class CertificateRefused(OperatorMustAct, ConnectionError):
    """The broker refused our certificate, or we refused the broker's."""

    exit_code = 8


class SessionTakenOver(OperatorMustAct, ConnectionError):
    """Another program connected to the broker under our name and certificate."""

    exit_code = 8


class ModelDamaged(OperatorMustAct, ValueError):
    """A model file is missing, cut short or not the pinned one."""

    exit_code = 4


class StorageDamaged(OperatorMustAct, OSError):
    """What is stored is damaged: chain broken, database malformed."""

    exit_code = 7


class StorageBroken(OperatorMustAct, OSError):
    """A failed fsync or an I/O error: lamps safe, process ends, restart verifies the chain."""

    exit_code = 7


# -- our own mistake ---------------------------------------------------------------------------


class GateBug(GateError, RuntimeError):
    """A state that our own code must never reach."""


class IllegalEvent(GateBug):
    """The state table has no row for this (`phase`, `event`); nothing was changed."""
