"""Opening a serial port, and what its errors mean."""

import errno
import termios
from typing import Any

import serial

PORT_FAULTS = (OSError, termios.error)
"""What an unplugged port raises: pyserial's own exception is an OSError, its flush's is not."""

_BUSY = ("is used by another program: end that one", "被其他程序占用：请先关闭")
_PORT = {
    errno.ENOENT: ("is not there: plug it in", "不存在：请插好"),
    errno.EACCES: (
        "may not be opened: put the user into the group dialout",
        "无权打开：请将用户加入 dialout 组",
    ),
    errno.EPERM: (
        "is kept from this service by systemd: load its module at boot "
        "(/etc/modules-load.d/exam-gate.conf) and restart the gate",
        "被 systemd 禁止访问：请在开机时加载模块（/etc/modules-load.d/exam-gate.conf）并重启闸机",
    ),
    errno.EBUSY: _BUSY,
    errno.EAGAIN: _BUSY,
    errno.EINVAL: ("does not take this speed: correct baud", "不支持该波特率：请改正 baud"),
}
_GONE = ("went away: plug it in again", "已断开：请重新插好")


def opened(port: str, baud: int, **settings: Any) -> serial.Serial:
    """For nobody else; `settings` as pyserial names them. PORT_FAULTS, so OSError."""
    try:
        return serial.Serial(port, baud, exclusive=True, **settings)
    except ValueError as e:  # a speed that the driver does not know
        raise OSError(errno.EINVAL, str(e)) from e


def port_fault(error: Exception) -> tuple[str, str]:
    """What an error of PORT_FAULTS says of its port, and what to do: English, Chinese."""
    return _PORT.get(getattr(error, "errno", None) or 0, _GONE)
