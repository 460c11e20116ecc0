"""The only file that names concrete adapters: settings in, one unit out."""

import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nacl.signing import SigningKey

from gate import __version__
from gate.config.settings import SIMULATED, Reader, Settings
from gate.config.settings import CameraTable as CameraSettings
from gate.config.settings import SignalsTable as SignalsSettings
from gate.config.sources import SourceTable
from gate.console.preview_socket import PreviewSocket
from gate.console.staff_socket import StaffSocket
from gate.core.action_order import ORDERS, order_of
from gate.core.clock_trust import BoardClock, distrust
from gate.core.liveness import ACTION
from gate.drivers.board_vitals import read_board
from gate.drivers.camera_process import CameraProcess
from gate.drivers.camera_wire import CameraSetup
from gate.drivers.card_reader.reader import SerialCardReader
from gate.drivers.clock import SystemClock
from gate.drivers.rtc import BoardClockWatch, read_rtc
from gate.drivers.scanners.line_decoders import Decoder, LineDecoder, TicketText
from gate.drivers.scanners.mrz import MrzDecoder
from gate.drivers.scanners.rfid import RfidDecoder
from gate.drivers.scanners.scanner_port import SerialScanner
from gate.drivers.signals.gpio import GpioSignals
from gate.errors import CameraMissing, GateBug, UsageError
from gate.models.camera_thread import CameraThread
from gate.models.frame_analysis import RECOGNISER
from gate.models.live_detection import LiveDetector
from gate.models.liveness.action import ActionLayer
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.camera_pair_file import read_pair
from gate.models.liveness.layer_set import LayerSource
from gate.models.liveness.layers import FrameLayer
from gate.models.liveness.near_infrared import layer_of_networks
from gate.models.liveness.network import NetworkLayer
from gate.models.liveness.second_camera import SecondCamera, layer_of
from gate.models.liveness.second_frames import SecondFrames
from gate.models.liveness.site_calibration import read_site_calibration
from gate.models.liveness.stereo import StereoLayer
from gate.models.network_files import model_path
from gate.models.rate_coverage import requiring_rates
from gate.models.recogniser import Recogniser
from gate.platform.json_lines import Handler, serve
from gate.platform.update_request import requests_in
from gate.ports import Camera, CardReader, Clock, Scanner
from gate.roster.content_client import ContentClient
from gate.roster.fetching import RosterFetcher
from gate.roster.installed import RosterInstallation
from gate.roster.keys import check_private, read_key
from gate.service.adapters import Adapters, Exit
from gate.service.desk import Desk
from gate.service.lane import Lane
from gate.service.supervisors import Supervisors
from gate.sheets.drawing_process import DrawingProcess
from gate.store.evidence import SealedEvidence
from gate.store.journal import SqliteJournal
from gate.sync.roster_notice_wire import decode_notice
from gate.sync.site_exchange import SiteExchange
from gate.sync.uplink import MqttUplink

HAND_S = 0.7
"""How many seconds a script's hand takes to lay a card again. That is longer than the reader's
dwell time, so it is another laying, as with a real one."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a simulation replaces."""

    clock: Clock
    camera: Camera
    signals: GpioSignals
    reader_port: str
    scanner_ports: Mapping[str, str]
    """Of each source, by its name."""
    second: Camera | None = None
    """Beside `camera`, where gate.toml has one."""
    rtc: Callable[[], datetime | None] = lambda: None
    board_clock: Callable[[], BoardClock] = lambda: BoardClock.NONE
    simulator: Handler | None = None
    """Answers simulator.sock, under --simulate only."""


@contextlib.asynccontextmanager
async def wired(settings: Settings, *, simulate: bool) -> AsyncIterator[tuple[Lane, Supervisors]]:
    """A lane and what watches over it, with its sockets open. Nothing is opened before
    `Service.run` but these sockets and, under --simulate, the simulated card reader's
    pseudo-terminal."""
    with _simulated(settings) if simulate else _real(settings) as hardware:
        lane = Lane(_adapters(settings, hardware))
        supervisors = Supervisors.of(lane)
        runtime = settings.paths.runtime
        async with contextlib.AsyncExitStack() as stack:
            staff = StaffSocket(Desk(lane, supervisors))
            await stack.enter_async_context(serve(runtime / "staff.sock", staff.answer))
            mirror = PreviewSocket(lane.adapters.matcher.preview)
            await stack.enter_async_context(serve(runtime / "preview.sock", mirror.answer))
            if hardware.simulator is not None:
                listening = serve(runtime / "simulator.sock", hardware.simulator)
                await stack.enter_async_context(listening)
            yield lane, supervisors


def _adapters(settings: Settings, hardware: Hardware) -> Adapters:
    keys, state, unit = settings.keys, settings.paths.state, settings.unit
    check_private(settings.mqtt.key, "the key of this unit's certificate")
    journal = SqliteJournal(
        state / "journal.sqlite", gate=unit.id, boot=hardware.clock.boot, now=hardware.clock.now
    )
    signing = read_key(keys.signing, "this unit's signing key")
    exchange = SiteExchange(unit.id, SigningKey(signing))
    rosters, fetch = rosters_of(settings), _fetcher(settings, hardware.clock)
    uplink = MqttUplink(
        host=settings.mqtt.host,
        port=settings.mqtt.port,
        ca=settings.mqtt.ca,
        certificate=settings.mqtt.certificate,
        key=settings.mqtt.key,
        gate=unit.id,
        site=unit.site,
        journal=journal,
        signing=signing,
        office_public=_office_key(settings),
        vitals=lambda: _vitals(hardware, state, rosters, fetch),
        inbox=inbox_of(settings),
        site_exchange=exchange,
    )
    if fetch is not None:
        uplink.deliver_rosters_to(fetch.hear)
    return Adapters(
        id=unit.id,
        site=unit.site,
        clock=hardware.clock,
        reader=SerialCardReader(hardware.reader_port, settings.reader.baud, hardware.clock),
        scanners=tuple(
            scanner_of(source, hardware.scanner_ports[source.name], hardware.clock)
            for source in settings.source
            if source.role == "entry"
        ),
        exits=tuple(
            Exit(source.name, exit_device(source, hardware.scanner_ports[source.name], hardware))
            for source in settings.source
            if source.role == "exit"
        ),
        rooms=unit.rooms,
        rtc=hardware.rtc,
        board_clock=hardware.board_clock,
        ask_for_version=requests_in(state),
        matcher=CameraThread(
            hardware.camera,
            settings.paths.models,
            hardware.clock,
            fps=settings.camera.fps,
            threads=settings.camera.threads,
            layers=liveness_layers(settings),
            second=_second_camera(settings, hardware),
        ),
        signals=hardware.signals,
        rosters=rosters,
        journal=journal,
        evidence=SealedEvidence(
            state / "evidence", read_key(keys.examiner, "the chief examiner's public key")
        ),
        sheets=DrawingProcess(),
        uplink=uplink,
        site_link=exchange,
        roster_fetch=fetch,
        is_supervised=bool(os.environ.get("INVOCATION_ID")),
    )


def liveness_layers(settings: Settings) -> tuple[LayerSource, ...]:
    """How this unit comes to its liveness layers, none of them built yet."""
    paths, second = settings.paths, settings.camera.second

    def network() -> NetworkLayer:
        return NetworkLayer(paths.models, read_site_calibration(paths.state))

    def second_camera() -> FrameLayer:
        pair = pair_of(settings.camera)
        if second is not None and second.kind == "nir":
            threads = settings.camera.threads
            recogniser = Recogniser(model_path(paths.models, RECOGNISER), threads)
            return layer_of_networks(pair, LiveDetector(paths.models, threads), recogniser)
        return StereoLayer(pair)

    def action() -> ActionLayer:
        return ActionLayer(lambda: order_of(secrets.randbelow(ORDERS)))

    sources = (LayerSource("network", network), LayerSource(ACTION, action))
    if second is None:
        return sources
    return (*sources, LayerSource(layer_of(second.kind), second_camera, required=True))


def pair_of(settings: CameraSettings) -> CameraPair:
    """The calibration of the unit's pair of cameras. PairUnknown."""
    second = settings.second
    if second is None:
        raise GateBug("The pair of a unit without a second camera was asked for.")
    sizes = (settings.width, settings.height), (second.width, second.height)
    return read_pair(second.pair, second.kind, sizes)


def _second_camera(settings: Settings, hardware: Hardware) -> SecondCamera | None:
    second = settings.camera.second
    if second is None or hardware.second is None:
        return None
    frames = SecondFrames(hardware.second, hardware.clock)
    return SecondCamera(frames, second.kind, second.device, lambda: pair_of(settings.camera))


def inbox_of(settings: Settings) -> Path:
    """Where a receipt that came by stick waits for the running gate."""
    return settings.paths.state / "receipt.inbox"


def _vitals(
    hardware: Hardware, state: Path, rosters: RosterInstallation, fetch: RosterFetcher | None
) -> dict[str, object]:
    """What heartbeats say of the unit."""
    now = hardware.clock.now()
    reason = distrust(now)
    try:
        free_mb: int | None = shutil.disk_usage(state).free // 2**20
    except OSError:
        free_mb = None
    manifest = rosters.manifest
    return {
        "at": now.at.isoformat(timespec="milliseconds"),
        "clock": "trusted" if now.trusted else "untrusted",
        "clock_why": None if reason is None else reason.value,
        "board_clock": hardware.board_clock().value,
        "disk_free_mb": free_mb,
        "version": __version__,
        "boot": hardware.clock.boot,
        "roster": None if manifest is None else manifest.name,
        "roster_version": None if manifest is None else manifest.version,
        "candidates": None if manifest is None else manifest.counts.get("candidates"),
        "roster_fault": None if fetch is None or fetch.fault is None else fetch.fault[:200],
        **read_board(),
    }


def _fetcher(settings: Settings, clock: Clock) -> RosterFetcher | None:
    """None where gate.toml names no server."""
    if settings.office.url is None:
        return None
    mqtt, keys, unit = settings.mqtt, settings.keys, settings.unit
    office = _office_key(settings)
    return RosterFetcher(
        settings.paths.state,
        ContentClient(settings.office.url, mqtt.ca, mqtt.certificate, mqtt.key),
        gate=unit.id,
        site=unit.site,
        office=office,
        sealing=read_key(keys.sealing, "this unit's sealing key"),
        decode=lambda payload: decode_notice(payload, office),
        now=lambda: clock.now().at,
        accept=requiring_rates(),
    )


def exit_device(source: SourceTable, port: str, hardware: Hardware) -> CardReader | Scanner:
    """The exit reader of one `[[source]]` with role exit: a card reader or a scanner."""
    if source.kind == "sdt":
        return SerialCardReader(port, source.reader_baud, hardware.clock)
    return scanner_of(source, port, hardware.clock)


def scanner_of(source: SourceTable, port: str, clock: Clock) -> SerialScanner:
    """The scanner of one `[[source]]`."""

    def decoder() -> Decoder:
        match source.kind:
            case "rfid":
                return RfidDecoder(decimal=source.number == "decimal")
            case "mrz":
                return MrzDecoder(source.framing)
        return LineDecoder(TicketText(source.prefix, source.suffix, source.pattern), source.end)

    return SerialScanner(source.name, port, source.baud, decoder, clock, again_s=source.again_s)


def _office_key(settings: Settings) -> bytes:
    return read_key(settings.keys.office, "the office's public key")


def rosters_of(settings: Settings) -> RosterInstallation:
    """The unit's installed rosters. One that asks for more than this unit's calibration has is told
    when it is opened, and not used."""
    keys = settings.keys
    return RosterInstallation(
        settings.paths.state,
        gate=settings.unit.id,
        sealing=read_key(keys.sealing, "this unit's sealing key"),
        office=_office_key(settings),
        accept=requiring_rates(),
    )


def real_signals(settings: SignalsSettings) -> GpioSignals:
    """Lamps, buzzer and barrier on the unit's pins."""
    return GpioSignals(**settings.model_dump())


@contextlib.contextmanager
def _real(settings: Settings) -> Iterator[Hardware]:
    yield Hardware(
        clock=SystemClock(),
        rtc=read_rtc,
        board_clock=BoardClockWatch().look,
        camera=real_camera(settings.camera),
        second=real_second_camera(settings.camera),
        signals=real_signals(settings.signals),
        reader_port=settings.reader.port,
        scanner_ports={source.name: source.port for source in settings.source},
    )


def real_camera(settings: CameraSettings) -> Camera:
    """The unit's camera, not yet opened. CameraMissing for a kind this release has not."""
    if settings.kind != "picamera2":
        raise CameraMissing(
            f"camera.kind {settings.kind} is for --simulate or a later release: use picamera2.",
            f"camera.kind {settings.kind} 仅用于 --simulate 或后续版本，请改用 picamera2。",
            kind=settings.kind,
        )
    size = (settings.width, settings.height)
    setup = CameraSetup(*size, settings.fps, settings.device, settings.upside_down)
    return CameraProcess(setup)


def real_second_camera(settings: CameraSettings) -> Camera | None:
    """The unit's second camera, not yet opened; None where gate.toml has none."""
    second = settings.second
    if second is None:
        return None
    size = (second.width, second.height)
    setup = CameraSetup(*size, settings.fps, second.device, settings.upside_down)
    return CameraProcess(setup)


@contextlib.contextmanager
def _simulated(settings: Settings) -> Iterator[Hardware]:
    """Simulated devices; the card reader only where no other port is named."""
    from gate.drivers.simulated.camera import SimulatedCamera
    from gate.drivers.simulated.clock import SimulatedClock
    from gate.drivers.simulated.control import Simulator
    from gate.drivers.simulated.line_module import LineModule
    from gate.drivers.simulated.sdt_module import SdtModule
    from gate.drivers.simulated.second_camera import SimulatedCameraPair, SimulatedSecondCamera
    from gate.drivers.simulated.signals import SimulatedSignals

    clock = SimulatedClock()
    camera = SimulatedCamera(settings.camera.width, settings.camera.height, settings.camera.fps)
    table = settings.camera.second
    second = (
        SimulatedSecondCamera(table.kind, table.width, table.height, settings.camera.fps)
        if table is not None
        else None
    )
    signals = SimulatedSignals(**settings.signals.model_dump())
    foreign = _is_foreign(settings.reader.port)
    link = settings.paths.runtime / "reader"
    _make(settings.paths.runtime)
    with contextlib.ExitStack() as stack:
        module = None if foreign else stack.enter_context(SdtModule(link=link, hand_s=HAND_S))
        scanners = {
            source.name: stack.enter_context(
                LineModule(settings.paths.runtime / f"scanner-{source.name}", kind=source.kind)
            )
            for source in settings.source
            if source.port == SIMULATED and source.kind != "sdt"
        }
        readers = {
            source.name: stack.enter_context(
                SdtModule(link=settings.paths.runtime / f"exit-{source.name}", hand_s=HAND_S)
            )
            for source in settings.source
            if source.port == SIMULATED and source.kind == "sdt"
        }
        ports = {source.name: source.port for source in settings.source}
        yield Hardware(
            clock=clock,
            camera=camera,
            second=second,
            signals=signals,
            reader_port=settings.reader.port if module is None else module.port,
            scanner_ports=ports
            | {name: s.port for name, s in scanners.items()}
            | {name: r.port for name, r in readers.items()},
            simulator=Simulator(
                clock=clock,
                camera=camera if second is None else SimulatedCameraPair(camera, second),
                module=module,
                signals=signals,
                scanners=scanners,
                readers=readers,
            ).answer,
        )


def _make(runtime: Path) -> None:
    """UsageError where it cannot be."""
    try:
        runtime.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UsageError(
            f"The runtime folder {runtime} cannot be made ({e.strerror}): name another in [paths].",
            f"无法建立运行目录 {runtime}（{e.strerror}）：请在 [paths] 中改用其他目录。",
            path=str(runtime),
        ) from e


def _is_foreign(port: str) -> bool:
    """Whether a real reader, or somebody's emulator, is meant: a port that exists, or one that is
    named and may be plugged in later. The default of a unit is not there on a desk."""
    return Path(port).exists() or port not in (SIMULATED, Reader().port)
