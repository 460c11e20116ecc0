"""Checks of the self-test on the board itself: disk, heat, certificate, broker, picture."""

import os
import socket
import ssl
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import (
    CertificateRefused,
    InputDamaged,
    ModelDamaged,
    NetworkFault,
    StorageRefused,
)

if TYPE_CHECKING:
    from gate.config.settings import Settings
    from gate.ports.values import Picture

SOON = timedelta(days=30)
"""Before its end a certificate is warned of."""
SLOW_S = 0.5
"""A card's tails reach half a second (platform facts, SD cards); a candidate waits for each."""
HOT_C = 80.0
"""From here on a Raspberry Pi slows itself down (its documentation)."""
DARK, BRIGHT = 30.0, 225.0
"""Mean grey level, 0 to 255, outside which no face is told. A choice, not measured."""
BLURRED = 15.0
"""Variance of the Laplacian below which a picture has no edge at all. A choice, not measured."""
_TRIES = 20
_BROKER_S = 5.0


def storage(state: Path) -> tuple[str, bool]:
    """Time of an fsync in `state` and what is free; whether it must be read. StorageRefused."""
    path = state / f".selftest.{os.getpid()}"
    took = []
    try:
        with path.open("wb") as file:
            for _ in range(_TRIES):
                file.write(b"\x00" * 4096)
                file.flush()
                began = time.monotonic()
                os.fsync(file.fileno())
                took.append(time.monotonic() - began)
        free = os.statvfs(state)
    except OSError as e:
        raise StorageRefused(
            f"{state} takes no files ({e.strerror}): look at disk and owner.",
            f"{state} 无法写入（{e.strerror}）：请检查磁盘和属主。",
        ) from e
    finally:
        path.unlink(missing_ok=True)
    return _storage_words(took, free.f_bavail * free.f_frsize)


def _storage_words(took: Sequence[float], free: int) -> tuple[str, bool]:
    middle, worst = statistics.median(took) * 1000, max(took) * 1000
    said = f"fsync {middle:.1f} ms, at most {worst:.1f} ms; {free // 2**20} MB free"
    return said, worst > SLOW_S * 1000


def disk_life(sys: Path = Path("/sys")) -> str | None:
    """How worn an eMMC says it is; None for an SD card, which does not say."""
    for path in sorted(sys.glob("block/mmcblk*/device/life_time")):
        try:
            words = path.read_text(encoding="ascii").split()
            worn = max(int(word, 16) for word in words)
        except (OSError, ValueError):
            continue
        return f"life used up to {min(worn, 10) * 10}%" if worn else None
    return None


def heat(board: dict[str, object]) -> tuple[str, bool]:
    """What `read_board` gave, in words; whether it must be read."""
    temperature, power = board["temperature_c"], board["power"]
    if temperature is None and power is None:
        return "the board does not say", False
    flags = ", ".join(map(str, power)) if isinstance(power, list) else ""
    hot = isinstance(temperature, float) and temperature >= HOT_C
    said = f"{temperature} °C" + (f"; power: {flags}" if flags else "; power good")
    return said, hot or bool(flags)


def certificate(path: Path, now: datetime | None) -> tuple[str, bool]:
    """Its dates; whether its end is near. `now`: None where the clock is not trusted. InputDamaged,
    CertificateRefused."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as e:
        raise InputDamaged(
            f"{path} is no certificate ({e}): copy it from the office again.",
            f"{path} 不是证书：请从考试中心重新复制。",
        ) from e
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    if now is not None and not begins <= now < ends:
        raise CertificateRefused(
            f"{path.name} is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}: ask the office for "
            "another, or put the clock right.",
            f"{path.name} 有效期为 {begins:%Y-%m-%d} 至 {ends:%Y-%m-%d}：请更换证书或校准时钟。",
        )
    near = now is not None and ends - now < SOON
    return f"valid to {ends.astimezone(UTC):%Y-%m-%d}", near


def broker(settings: "Settings") -> str:
    """A TLS session with the broker, both certificates shown. NetworkFault, CertificateRefused."""
    from gate.sync.link import Address, tls_context

    mqtt = settings.mqtt
    where = f"{mqtt.host}:{mqtt.port}"
    try:
        address = Address(
            mqtt.host, mqtt.port, mqtt.ca, mqtt.certificate, mqtt.key, settings.unit.id
        )
        began = time.monotonic()
        with (
            socket.create_connection((mqtt.host, mqtt.port), _BROKER_S) as plain,
            tls_context(address).wrap_socket(plain, server_hostname=mqtt.host) as secured,
        ):
            version = secured.version()
    except ssl.SSLError as e:
        raise CertificateRefused(
            f"The broker at {where} and this unit do not agree ({e.reason}): look at the "
            "certificates and the clock.",
            f"与消息服务器 {where} 的 TLS 握手失败（{e.reason}）：请检查证书和时钟。",
        ) from e
    except OSError as e:
        raise NetworkFault(
            f"The broker at {where} does not answer ({e}): look at cable, address and firewall.",
            f"消息服务器 {where} 无应答：请检查网线、地址和防火墙。",
        ) from e
    return f"{where}, {version}, {(time.monotonic() - began) * 1000:.0f} ms"


def invoked(models: Path) -> str:
    """Each network is loaded and run once on zeros: an import alone does not show that it works.
    ModelDamaged."""
    from gate.models.interpreter import make_interpreter

    found = sorted(models.glob("*.tflite"))
    for path in found:
        try:
            network = make_interpreter(path)
            network.invoke()
        except (RuntimeError, SystemError, ValueError) as e:
            raise ModelDamaged(
                f"{path.name} does not run ({e}): install the program again.",
                f"{path.name} 无法运行：请重新安装程序。",
            ) from e
    return f"{len(found)} networks run"


def picture(pixels: "Picture") -> tuple[str, bool]:
    """Size, brightness and focus of a (height, width, 3) uint8 picture; whether to be read."""
    height, width = pixels.shape[:2]
    grey = pixels.mean(axis=2)
    middle = grey[1:-1, 1:-1]
    sides = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    light, edges = float(grey.mean()), float((sides - 4 * middle).var())
    said = f"{width}x{height}, brightness {light:.0f} of 255, focus {edges:.0f}"
    faults = [
        *(["too dark 过暗"] if light < DARK else []),
        *(["too bright 过亮"] if light > BRIGHT else []),
        *(["nothing in focus 未对焦"] if edges < BLURRED else []),
    ]
    return "; ".join([said, *faults]), bool(faults)
