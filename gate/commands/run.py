"""exam-gate run: the gate itself."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer

from gate.config.settings import DEFAULT, Settings, load

log = logging.getLogger(__name__)


def run(
    config: Annotated[Path, typer.Option(help="The unit's gate.toml. 配置文件。")] = DEFAULT,
    simulate: Annotated[
        bool, typer.Option(help="Simulated camera, clock, lamps and card reader. 模拟硬件。")
    ] = False,
    verbose: Annotated[bool, typer.Option(help="Log more.")] = False,
) -> None:
    """Run the gate until SIGTERM. 运行闸机。"""
    from gate.platform.algebra_threads import one_algebra_thread
    from gate.platform.connections import more_descriptors
    from gate.platform.log_lines import log_to_stderr

    one_algebra_thread()
    more_descriptors()
    log_to_stderr(
        logging.DEBUG if verbose else logging.INFO,
        "%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    settings = load(config)
    try:
        asyncio.run(_main(settings, simulate))
    except BaseExceptionGroup as group:
        raise _first(group) from group


async def _main(settings: Settings, simulate: bool) -> None:
    from gate.platform.service_manager import ServiceManager
    from gate.service.service import Service
    from gate.service.watchdog import Health
    from gate.wiring import wired

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with wired(settings, simulate=simulate) as (lane, supervisors):
        log.info("%s: sockets in %s, until SIGTERM", settings.unit.id, settings.paths.runtime)
        await Service(lane, supervisors, Health(tell=ServiceManager().tell)).run(stop)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended the TaskGroup: the others only followed it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
