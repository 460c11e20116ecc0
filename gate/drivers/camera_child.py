"""The camera's own process: `python -m gate.drivers.camera_child SOCKET MEMORY SETUP...`.

`gate.drivers.camera_process` starts it and gives it both descriptors. It ends when the gate closes
its end of the socket, however the gate ended. Signals are the gate's to obey: it closes the camera.
"""

import mmap
import os
import signal
import socket
import sys

import numpy as np

from gate.drivers.camera import Picamera2Camera
from gate.drivers.camera_wire import ANSWER, QUESTION, Ask, CameraSetup, Said, error_answer
from gate.errors import CameraMissing, FrameTimeout
from gate.ports import Camera, Picture


def serve(link: socket.socket, picture: Picture, camera: Camera) -> None:
    """Opens the camera, says so, and answers until the other end is closed."""
    try:
        with camera as opened:
            link.send(ANSWER.pack(Said.DONE, 0, 0))
            while question := link.recv(QUESTION.size):
                link.send(_answer(opened, picture, *QUESTION.unpack(question)))
    except CameraMissing as e:
        link.send(error_answer(e))
    except (BrokenPipeError, ConnectionResetError):
        return  # the gate is gone


def _answer(camera: Camera, picture: Picture, ask: int, value: float) -> bytes:
    try:
        if ask == Ask.EXPOSE:
            camera.set_exposure_value(value)
            return ANSWER.pack(Said.DONE, 0, 0)
        frame = camera.capture(value)
    except (CameraMissing, FrameTimeout) as e:
        return error_answer(e)
    picture[:] = frame.pixels
    return ANSWER.pack(Said.FRAME, frame.mono_ns, frame.number)


def main(arguments: list[str]) -> None:
    """Until the gate is gone. ValueError for arguments that are not the gate's."""
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    setup = CameraSetup.of(arguments[2:])
    memory = mmap.mmap(int(arguments[1]), setup.bytes)
    picture = np.frombuffer(memory, np.uint8).reshape(setup.height, setup.width, 3)
    camera = Picamera2Camera(
        setup.width, setup.height, setup.fps, setup.device, upside_down=setup.upside_down
    )
    with socket.socket(fileno=int(arguments[0])) as link:
        serve(link, picture, camera)


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(0)  # a thread of libcamera that hangs must not keep the camera
