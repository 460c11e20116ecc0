"""site.toml: what one unit is, as the technician writes it. Every mistake is named at once."""

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from gate.config.settings import (
    Console,
    Mqtt,
    Office,
    Reader,
    ScreenTable,
    SignalsTable,
    UnitTable,
)
from gate.config.sources import SourceTable
from gate.core.json_types import JsonObject
from gate.errors import ConfigInvalid
from gate.platform.toml_fields import fault_sentence
from gate.platform.toml_values import decode_toml

HEADER_UART = (14, 15)
HEADER_I2C = (2, 3)
ADAPTERS = ("1a86:7523", "10c4:ea60", "0403:6001", "067b:2303")
"""USB serial adapters that readers are sold with: CH340, CP210x, FT232R, PL2303."""
_Parsed = TypeVar("_Parsed")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


def _network(value: str) -> str:
    try:
        found = ipaddress.ip_network(value)
    except ValueError as e:
        raise ValueError("allowed: a network such as 10.0.0.0/24") from e
    if found.prefixlen == 0:
        raise ValueError("the whole internet is no site's network: name the site's own")
    return str(found)


def _address(value: str) -> str:
    if value == "dhcp":
        return value
    try:
        return str(ipaddress.IPv4Interface(value)) if "/" in value else _no_length()
    except ValueError as e:
        raise ValueError("allowed: dhcp, or an address with its length, 10.0.0.21/24") from e


def _no_length() -> str:
    raise ValueError


def _ipv4(value: str) -> str:
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError as e:
        raise ValueError("allowed: an address such as 10.0.0.1") from e


def _host(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("allowed: a host name or an IPv4 address")
    return value


_Network = Annotated[str, AfterValidator(_network)]
_Ipv4 = Annotated[str, AfterValidator(_ipv4)]
_Host = Annotated[str, AfterValidator(_host)]
_Usb = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Board(_Section):
    """`rtc`: the clock that keeps time without power; a Pi 5 has its own (`built-in`)."""

    model: Literal["pi4", "pi5"]
    rtc: Literal["built-in", "ds3231", "pcf8523", "pcf85063a", "rv3028", "none"]

    @model_validator(mode="after")
    def _pi4_has_none(self) -> "Board":
        if self.model == "pi4" and self.rtc == "built-in":
            raise ValueError("a Pi 4 has no built-in clock: rtc is ds3231, another chip, or none")
        return self


class SiteReader(_Section):
    """`port`: on the pins 14 and 15, or behind a USB serial adapter. `usb`: whose adapter, as
    vendor:product."""

    port: Literal["pins", "usb"] = "usb"
    usb: Annotated[tuple[_Usb, ...], Field(min_length=1)] = ADAPTERS
    baud: Literal[9600, 19200, 38400, 57600, 115200] = Reader().baud


class SiteCamera(_Section):
    """`sensor`: the module on the ribbon cable; `auto` asks its EEPROM. `device`: which camera,
    where there are several."""

    kind: Literal["picamera2", "v4l2"] = "picamera2"
    sensor: Literal["auto", "imx219", "imx296", "imx477", "imx708", "ov5647"] = "auto"
    device: Annotated[int, Field(ge=0, le=63)] | None = None
    upside_down: bool = False


class Network(_Section):
    """`time`: the site's time servers. `admin`: who may reach SSH; nobody else. `exam`: where
    broker, office and tablets are."""

    address: Annotated[str, AfterValidator(_address)] = "dhcp"
    gateway: _Ipv4 | None = None
    dns: tuple[_Ipv4, ...] = ()
    time: Annotated[tuple[_Host, ...], Field(min_length=1)]
    exam: Annotated[tuple[_Network, ...], Field(min_length=1)]
    admin: tuple[_Network, ...] = ()


class Kiosk(_Section):
    """`screen`: a display shows the candidate's page."""

    screen: bool = False
    speech: bool = False
    languages: Annotated[tuple[Literal["zh", "en"], ...], Field(min_length=1, max_length=2)] = (
        ScreenTable().languages
    )


class Storage(_Section):
    """`data`: the label of the partition that holds the journal. `read_only`: the root is under an
    overlay in memory."""

    data: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")] = "exam-gate"
    read_only: bool = True


class Watchdog(_Section):
    """`seconds` without a sign of life before the board starts again. The hardware counts to 15."""

    seconds: Annotated[int, Field(ge=5, le=14)] = 14


class KeyFolder(_Section):
    """`folder`: the unit's folder as exam-office gates hand-over left it, from site.toml's own."""

    folder: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]+$")] | None = None


class Site(_Section):
    """One unit. Tables that gate.toml has too have the same keys here."""

    unit: UnitTable
    board: Board
    network: Network
    reader: SiteReader = SiteReader()
    source: tuple[SourceTable, ...] = ()
    camera: SiteCamera = SiteCamera()
    signals: SignalsTable = SignalsTable()
    mqtt: Mqtt = Mqtt()
    office: Office = Office()
    keys: KeyFolder = KeyFolder()
    console: Console = Console()
    kiosk: Kiosk = Kiosk()
    storage: Storage = Storage()
    watchdog: Watchdog = Watchdog()


def read_site(content: bytes, name: str = "site.toml") -> Site:
    """The site of a file's bytes. ConfigInvalid with every mistake in `faults`."""
    try:
        raw = decode_toml(content)
    except ValueError as e:
        raise ConfigInvalid.of(name, (f"file: no TOML in UTF-8 ({e})",)) from e
    faults = list(_faults_of(raw))
    faults += [fault for fault in _between(raw) if fault not in faults]
    if faults:
        raise ConfigInvalid.of(name, faults)
    return Site.model_validate(raw)


def _faults_of(raw: JsonObject) -> dict[str, None]:
    """In order and once each. What spans fields shows only where the wrong fields are left out."""
    found: dict[str, None] = {}
    try:
        Site.model_validate(raw)
    except ValidationError as e:
        rest = {k: dict(v) if isinstance(v, dict) else v for k, v in raw.items()}
        wrong = {f["loc"] for f in e.errors()}
        for fault in e.errors():
            if fault["type"] == "too_short" and any(w[:-1] == fault["loc"] for w in wrong):
                continue  # its items are told already
            found[_sentence(fault)] = None
            table = rest.get(str(fault["loc"][0])) if fault["loc"] else None
            if isinstance(table, dict) and len(fault["loc"]) > 1:
                table.pop(fault["loc"][1], None)
        try:
            Site.model_validate(rest)
        except ValidationError as behind:
            for fault in behind.errors():
                if fault["type"] not in ("missing", "too_short"):
                    found[_sentence(fault)] = None
    return found


def _sentence(fault: ErrorDetails) -> str:
    """With the keys of the table that the fault lies in."""
    model: object = Site
    if len(fault["loc"]) > 1 and fault["loc"][0] in Site.model_fields:
        model = Site.model_fields[str(fault["loc"][0])].annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        model = Site
    return fault_sentence(model, "", fault)


def _between(raw: JsonObject) -> list[str]:
    """What no table can know of another, for the tables that are right by themselves."""
    board = _table(raw, "board", Board)
    signals = _table(raw, "signals", SignalsTable)
    reader = _table(raw, "reader", SiteReader)
    faults = []
    if isinstance(signals, SignalsTable):
        taken = {
            name: getattr(signals, name)
            for name in ("red", "yellow", "green", "buzzer", "barrier", "acknowledge")
        }
        for name, pin in taken.items():
            if isinstance(reader, SiteReader) and reader.port == "pins" and pin in HEADER_UART:
                faults.append(f"signals.{name}: pin {pin} is the card reader's (14 and 15)")
            on_i2c = isinstance(board, Board) and board.rtc not in ("built-in", "none")
            if on_i2c and pin in HEADER_I2C:
                faults.append(f"signals.{name}: pin {pin} is the clock's (2 and 3)")
    network = raw.get("network")
    return faults + (_addresses(network) if isinstance(network, dict) else [])


def _addresses(network: JsonObject) -> list[str]:
    """Whether the unit reaches its gateway, and stands in its own exam network."""
    faults = []
    own = _parsed(ipaddress.IPv4Interface, network.get("address"))
    gateway = _parsed(ipaddress.IPv4Address, network.get("gateway"))
    if gateway is not None and own is None:
        faults.append("network.gateway: dhcp gives one; it stands beside an address of its own")
    if gateway is not None and own is not None and gateway not in own.network:
        faults.append(f"network.gateway: {gateway} is not in {own.network}: no packet reaches it")
    listed = network.get("exam")
    nets = [_parsed(ipaddress.ip_network, n) for n in listed] if isinstance(listed, list) else []
    if own is not None and nets and None not in nets and not any(own.ip in n for n in nets if n):
        faults.append(f"network.exam: the unit's own address {own.ip} is in none of them")
    return faults


def _parsed(kind: Callable[[str], _Parsed], value: object) -> _Parsed | None:
    try:
        return kind(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _table(raw: JsonObject, name: str, model: type[BaseModel]) -> BaseModel | None:
    try:
        return model.model_validate(raw.get(name, {}))
    except ValidationError:
        return None
