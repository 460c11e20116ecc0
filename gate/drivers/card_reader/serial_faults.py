"""What goes wrong with the card reader, each as one sentence that says what to do."""

from gate.drivers.serial_port import port_fault
from gate.errors import ReaderMissing, RetryLater


class Silence(RetryLater, TimeoutError):
    """No reply within the bound."""


class LinkClosing(RetryLater):
    """The owner wants the port closed: give up what is being waited for."""


class Stuck(ReaderMissing):
    """The port is there, and nothing that can be sent brings the module to answer."""


def lost(port: str, error: Exception) -> ReaderMissing:
    """`error` of an open port as one sentence."""
    if isinstance(error, ReaderMissing):
        return error
    return silent(port) if isinstance(error, Silence) else missing(port, error)


def silent(port: str) -> Stuck:
    """The fault of a module that does not answer."""
    return Stuck(
        f"The card reader at {port} does not answer: check its power, its cable and its speed.",
        f"读卡器 {port} 无应答：请检查电源、连接线和波特率。",
        port=port,
    )


def noisy() -> Stuck:
    """The fault of a line that damages too many frames."""
    return Stuck(
        "The card reader's line is too noisy: check its cable, shorten it or lower the speed.",
        "读卡器线路干扰严重：请检查或更换连接线，或降低波特率。",
    )


def faulty(port: str, status: int) -> ReaderMissing:
    """60 or 66: what the module says of itself."""
    return ReaderMissing(
        f"The card reader at {port} reports a fault of its own ({status:02X}): "
        "switch it off and on, or change it.",
        f"读卡器 {port} 自检故障（{status:02X}）：请断电重启或更换。",
        port=port,
        status=status,
    )


def missing(port: str, error: Exception) -> ReaderMissing:
    """The port itself: absent, forbidden, busy, or gone."""
    en, zh = port_fault(error)
    return ReaderMissing(
        f"The card reader's port {port} {en}.", f"读卡器端口 {port} {zh}。", port=port
    )
