"""exam-gate console: the pages for invigilators and the candidate's screen."""

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from gate.config.settings import DEFAULT, Settings, load

log = logging.getLogger(__name__)


def _own_folder(settings: Settings) -> Path:
    """Where systemd says, else below the gate's own state."""
    given = os.environ.get("STATE_DIRECTORY")
    return Path(given) if given else settings.paths.state / "console"


def console(
    config: Annotated[Path, typer.Option(help="The unit's gate.toml. 配置文件。")] = DEFAULT,
    listen: Annotated[
        str | None, typer.Option(help="HOST:PORT, instead of [console] listen. 监听地址。")
    ] = None,
) -> None:
    """Serve the invigilators' pages over HTTPS until SIGTERM. 监考员控制台。"""
    from gate.console.server import run_console
    from gate.console.speech_files import SpeechFiles
    from gate.platform.log_lines import log_to_stderr

    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load(config)
    at = listen or settings.console.listen
    log.info("%s: the console is at https://%s until SIGTERM", settings.unit.id, at)
    speech = SpeechFiles(settings.screen.sounds, settings.screen.languages)
    if settings.screen.speech and (missing := speech.missing()):
        log.warning("%d recordings are missing: run exam-gate screen speech", len(missing))
    run_console(
        settings.paths.runtime / "staff.sock",
        at,
        _own_folder(settings),
        screen_open=settings.console.screen_open,
        speech=speech if settings.screen.speech else None,
    )
