"""gate.toml to validated settings. Every fault is named in one message."""

import copy
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from gate.config.second_camera import Device, SecondCameraTable
from gate.config.sources import SourceTable
from gate.core.json_types import JsonObject, JsonValue
from gate.core.rooms_and_seats import place_form
from gate.errors import ConfigInvalid, Refused
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml
from gate.platform.user_paths import expanded

_Place = Annotated[Path, AfterValidator(expanded)]
Room = Annotated[str, Field(min_length=1, max_length=32)]
_Pin = Annotated[int, Field(ge=0, le=27)]
DEFAULT = Path("/etc/exam-gate/gate.toml")
"""Where systemd/exam-gate.service has it, and every command looks unless told otherwise."""
SIMULATED = "simulated"
"""The port of a device that --simulate makes."""
_Url = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._/-]*)?$")]
_UNIT_ID = re.compile(r"[a-z0-9-]{1,64}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UnitTable(_Section):
    """`id` is MQTT client id, certificate CN and ACL pattern; it begins with the site id. `rooms`:
    those that this gate serves; empty: every room of the site."""

    id: str
    site: str
    rooms: tuple[Room, ...] = ()

    @field_validator("id", "site")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if not _UNIT_ID.fullmatch(value) or value == "office":
            raise ValueError("use 1 to 64 of a-z, 0-9 and -, and not 'office'")
        return value

    @field_validator("rooms")
    @classmethod
    def _rooms_differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        forms = [place_form(room) for room in value]
        doubled = [room for room, form in zip(value, forms, strict=True) if forms.count(form) > 1]
        if doubled:
            raise ValueError(f"one room named twice: {', '.join(doubled)}")
        if not all(forms):
            raise ValueError("a room has no name")
        return value

    @model_validator(mode="after")
    def _begins_with_site(self) -> "UnitTable":
        if not self.id.startswith(f"{self.site}-"):
            raise ValueError(f"id must begin with the site id: {self.site}-…")
        return self


class Paths(_Section):
    """Folders of the unit: what it keeps, its sockets, and the networks."""

    state: _Place = Path("/var/lib/exam-gate")
    runtime: _Place = Path("/run/exam-gate")
    models: _Place = Path("/var/lib/exam-gate/models")


class Reader(_Section):
    """The card reader.

    `port`: a device path; `simulated` under --simulate makes a pseudo-terminal of its own.
    """

    port: Annotated[str, Field(pattern=r"^[^\x00]+$")] = "/dev/exam-gate-reader"
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 115200


class CameraTable(_Section):
    """The camera.

    `fps`: frames looked at a second while nobody is there. `device`: which camera, where there
    are several. `second`: another one beside it. `upside_down`: it is mounted so, and its pictures
    are turned.
    """

    kind: Literal["picamera2", "v4l2", "pictures"] = "picamera2"
    width: Annotated[int, Field(ge=320, le=1920, multiple_of=32)] = 640
    height: Annotated[int, Field(ge=240, le=1088, multiple_of=16)] = 480
    fps: Annotated[float, Field(gt=0, le=30)] = 10.0
    threads: Annotated[int, Field(ge=1, le=4)] = 1
    device: Device = 0
    upside_down: bool = False
    second: SecondCameraTable | None = None

    @model_validator(mode="after")
    def _devices_differ(self) -> "CameraTable":
        if self.second is not None and self.second.device == self.device:
            raise ValueError(
                f"camera.device and camera.second.device are one camera, {self.device}: "
                "name the other one"
            )
        return self


class SignalsTable(_Section):
    """BCM pins. `open_s`: the barrier after ADMIT or STAFF_ADMIT. `open_wheelchair_s`: for
    candidates in a wheelchair, where it is longer."""

    red: _Pin = 5
    yellow: _Pin = 6
    green: _Pin = 13
    buzzer: _Pin = 19
    barrier: _Pin = 26
    acknowledge: _Pin = 21
    open_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    open_wheelchair_s: Annotated[float, Field(gt=0, le=120)] = 15.0
    barrier_rest: Literal["released", "locked"] = "released"

    @model_validator(mode="after")
    def _pins_differ(self) -> "SignalsTable":
        pins = [self.red, self.yellow, self.green, self.buzzer, self.barrier, self.acknowledge]
        doubled = sorted({p for p in pins if pins.count(p) > 1})
        if doubled:
            raise ValueError(f"each output needs a pin of its own; used twice: {doubled}")
        return self


class Mqtt(_Section):
    """File names are relative to the folder of gate.toml."""

    host: Annotated[str, Field(min_length=1)] = "broker.local"
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    ca: _Place = Path("ca.crt")
    certificate: _Place = Path("gate.crt")
    key: _Place = Path("gate.key")


class Office(_Section):
    """The office.

    `url`: of its roster server, https; without it rosters come by stick alone.
    """

    url: _Url | None = None


class Keys(_Section):
    """Files with raw keys of 32 bytes in base64, as exam-office keys writes them.

    `signing`: Ed25519 seed of the batch heads. `sealing`: X25519 key that opens rosters. `office`:
    the office's Ed25519 public key. `examiner`: the chief examiner's X25519 public key.
    """

    signing: _Place = Path("gate-signing.key")
    sealing: _Place = Path("gate-sealing.key")
    office: _Place = Path("office.pub")
    examiner: _Place = Path("examiner.pub")


class Console(_Section):
    """The console.

    `listen`: address and port. `screen_open`: other machines may show the candidate's screen, too.
    """

    listen: str = "127.0.0.1:8443"
    screen_open: bool = False


class ScreenTable(_Section):
    """The candidate's screen. `speech`: its sentences are spoken, in each of `languages` one after
    the other. `sounds`: the folder that `exam-gate screen speech` has filled."""

    speech: bool = False
    languages: Annotated[tuple[Literal["zh", "en"], ...], Field(min_length=1, max_length=2)] = (
        "zh",
    )
    sounds: _Place = Path("/usr/share/exam-gate/speech")


class Settings(_Section):
    """One unit. Every relative path is resolved against the folder of the file."""

    unit: UnitTable
    paths: Paths = Paths()
    reader: Reader = Reader()
    source: tuple[SourceTable, ...] = ()
    camera: CameraTable = CameraTable()
    signals: SignalsTable = SignalsTable()
    mqtt: Mqtt = Mqtt()
    office: Office = Office()
    keys: Keys = Keys()
    console: Console = Console()
    screen: ScreenTable = ScreenTable()

    @model_validator(mode="after")
    def _sources_differ(self) -> "Settings":
        names = [s.name for s in self.source]
        ports = [p for p in (self.reader.port, *(s.port for s in self.source)) if p != SIMULATED]
        for what, found in (("name", names), ("port", ports)):
            doubled = sorted({f for f in found if found.count(f) > 1})
            if doubled:
                raise ValueError(f"each source needs a {what} of its own; used twice: {doubled}")
        return self


BYTES_MAX = 1 << 20
"""Of gate.toml."""


def load(path: Path) -> Settings:
    """Settings of `path`. ConfigInvalid with every fault at once (`faults`: key and sentence);
    Refused where this user may not read it."""
    try:
        raw = decode_toml(read_regular(path, BYTES_MAX))
    except FileNotFoundError as e:
        raise ConfigInvalid(
            f"No configuration at {path}: name the unit's gate.toml with --config.",
            f"找不到配置文件 {path}：请用 --config 指定 gate.toml。",
            path=str(path),
            faults=("file missing",),
        ) from e
    except PermissionError as e:
        raise Refused(
            f"{path} may not be read by this user: run this with sudo -u exam-gate, or name "
            "another gate.toml with --config.",
            f"当前用户无权读取 {path}：请用 sudo -u exam-gate 运行，或用 --config 指定其他文件。",
            path=str(path),
        ) from e
    except (OSError, ValueError) as e:
        raise ConfigInvalid(
            f"{path} cannot be read as TOML in UTF-8 ({e}): correct it there.",
            f"{path} 不是可读的 UTF-8 TOML 文件（{e}）：请改正。",
            path=str(path),
            faults=(str(e),),
        ) from e
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as e:
        raise _every_fault(path, [*e.errors(), *_behind(raw, e)]) from e
    return _resolved(settings, path.resolve().parent)


def _inner(place: JsonValue, part: int | str) -> JsonValue:
    """What lies at `part` of a table or a list; None where nothing does."""
    if isinstance(place, list):
        return place[part] if isinstance(part, int) and part < len(place) else None
    return place.get(part) if isinstance(place, dict) else None


def _behind(raw: JsonObject, error: ValidationError) -> list[ErrorDetails]:
    """Faults between fields, which pydantic looks for only where each field is right by itself."""
    named = {f["loc"] for f in error.errors()}
    rest = copy.deepcopy(raw)
    for *path, key in filter(None, named):
        place: JsonValue = rest
        for part in path:
            place = _inner(place, part)
        if isinstance(place, dict):
            place.pop(key, None)
    try:
        Settings.model_validate(rest)
    except ValidationError as e:
        return [f for f in e.errors() if f["loc"] not in named]
    return []


def _every_fault(path: Path, found: list[ErrorDetails]) -> ConfigInvalid:
    faults = tuple(
        f"{'.'.join(str(p) for p in f['loc']) or 'file'}: {f['msg']} (got {f['input']!r})"
        if f["type"] != "missing"
        else f"{'.'.join(str(p) for p in f['loc'])}: missing"
        for f in found
    )
    return ConfigInvalid.of(path, faults)


def _resolved(settings: Settings, folder: Path) -> Settings:
    def under(section: _Section, *names: str) -> _Section:
        return section.model_copy(update={n: folder / getattr(section, n) for n in names})

    camera = settings.camera
    if camera.second is not None:
        pair = folder / camera.second.pair
        second = camera.second.model_copy(update={"pair": pair})
        camera = camera.model_copy(update={"second": second})
    return settings.model_copy(
        update={
            "camera": camera,
            "paths": under(settings.paths, "state", "runtime", "models"),
            "mqtt": under(settings.mqtt, "ca", "certificate", "key"),
            "screen": under(settings.screen, "sounds"),
            "keys": under(settings.keys, "signing", "sealing", "office", "examiner"),
        }
    )
