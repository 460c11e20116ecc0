"""exam-office broker-config: the shipped broker configuration, for a broker run from a folder."""

import getpass
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

from gate.errors import InputDamaged, UsageError
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml
from gate.roster.repository import storage_refused
from office.home import Home, default_home
from office.keys.broker_address import remember_port
from office.receiving.broker_guard import GUARD, build_guard

_PLACES = (
    Path(__file__).parents[2] / "firmware_config" / "mosquitto",  # a checkout
    Path(__file__).parents[1] / "mosquitto",  # installed (setup.py)
)
_SHIPPED = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
_INSTALLED = "/etc/mosquitto/exam-gate"
_GATE_TOML_BYTES_MAX = 1 << 20


def broker_config(
    out: Annotated[Path, typer.Option(help="Folder to write; it keeps the broker's memory too.")],
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    listen: Annotated[str, typer.Option(help="Address and port.")] = "127.0.0.1:8883",
    shipped: Annotated[
        Path, typer.Option(help="firmware_config/mosquitto of the release.")
    ] = _SHIPPED,
    *,
    without_guard: Annotated[
        bool,
        typer.Option("--without-guard", help="No quotas by gate; no compiler needed."),
    ] = False,
) -> None:
    """Write OUT/mosquitto.conf, to be run by `mosquitto -c`. The rules are the shipped files: only
    their paths and the listener are filled in; mosquitto.conf stands for Debian's own.
    生成消息服务器配置。"""
    address, _, port = listen.rpartition(":")
    if not address or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"--listen takes ADDRESS:PORT, not {listen}.", "--listen 应为 地址:端口。")
    out = out.resolve()
    try:
        acl = (shipped / "acl").read_text(encoding="utf-8")
        conf = (shipped / "exam-gate.conf").read_text(encoding="utf-8")
    except OSError as e:
        raise InputDamaged(
            f"The shipped configuration is not at {shipped}: name it with --shipped.",
            f"{shipped} 处没有随附的配置：请用 --shipped 指定。",
        ) from e
    place = Home(home or default_home())
    broker = place.broker.resolve()
    if not (broker / "server.crt").exists():
        raise InputDamaged(
            f"No broker certificate in {broker}: run exam-office keys with --broker first.",
            f"{broker} 中没有消息服务器证书：请先运行 exam-office keys 并用 --broker 指定主机。",
            path=str(broker),
        )
    with storage_refused(out):
        out.mkdir(parents=True, exist_ok=True)
        (out / GUARD).unlink(missing_ok=True)  # of an earlier run
    if not without_guard:
        build_guard(shipped / "guard", out / GUARD)
    with storage_refused(out):
        (out / "conf.d").mkdir(parents=True, exist_ok=True)
        (out / "acl").write_text(acl, encoding="utf-8")
        (out / "conf.d" / "exam-gate.conf").write_text(
            _filled(conf, broker, out, f"{port} {address}", guarded=not without_guard),
            encoding="utf-8",
        )
        (out / "mosquitto.conf").write_text(_main(out), encoding="utf-8")
        remember_port(place, int(port))
    print(f"{_mosquitto()} -c {shlex.quote(str(out / 'mosquitto.conf'))}")
    others = _at_another_port(place, int(port))
    if others:
        print(
            f"gate.toml of {', '.join(others)} names another port: set port = {port} there. "
            f"上述闸机的 gate.toml 端口不同：请改为 {port}。"
        )


def _mosquitto() -> str:
    """With its folder: Debian's /usr/sbin is not on the PATH of an ordinary user."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return shlex.quote(shutil.which("mosquitto", path=places) or "mosquitto")


def _at_another_port(home: Home, port: int) -> list[str]:
    """Gates whose gate.toml still lies here and says another port."""
    found = []
    for path in sorted(home.gates.glob("*/gate.toml")):
        try:
            mqtt = decode_toml(read_regular(path, _GATE_TOML_BYTES_MAX)).get("mqtt", {})
            said = mqtt.get("port", port) if isinstance(mqtt, dict) else port
        except (OSError, ValueError):
            continue  # the unit itself says what is wrong with it
        if said != port:
            found.append(path.parent.name)
    return found


def _filled(conf: str, broker: Path, out: Path, listener: str, *, guarded: bool) -> str:
    conf = conf.replace(f"acl_file {_INSTALLED}/", f"acl_file {out}/")
    conf = conf.replace(f"plugin {_INSTALLED}/", f"plugin {out}/" if guarded else "# not built: ")
    if not (broker / "ca.crl").exists():  # an office that began before there was a list
        conf = re.sub(r"^crlfile .*\n", "", conf, flags=re.M)
    conf = re.sub(
        rf"^(cafile|certfile|keyfile|crlfile) {_INSTALLED}/", rf"\1 {broker}/", conf, flags=re.M
    )
    return re.sub(r"^listener 8883$", f"listener {listener}", conf, flags=re.M)


def _main(out: Path) -> str:
    """What Debian's /etc/mosquitto/mosquitto.conf says, with places of our own."""
    return (
        f"user {getpass.getuser()}\n"
        "persistence true\n"
        f"persistence_location {out}/\n"
        "log_dest stderr\n"
        f"include_dir {out / 'conf.d'}\n"
    )
