"""The built networks and their originals, for tests marked `models`."""

import atexit
import os
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import numpy as np
import pytest

from gate.errors import NetworkFault
from gate.models.building.build import build
from gate.models.building.fetch import fetch_originals
from gate.models.building.liveness_pair import converted
from gate.models.network_files import default_folder, load_manifest
from gate.models.photo_file import decode_photo
from gate.models.still_pictures import StillPictures
from gate.ports import Face, Picture
from tests.checkout import ROOT


@cache
def networks() -> Path:
    """The user's cache folder, built if it is not whole."""
    try:
        build(default_folder(), lambda *_: None)
    except NetworkFault as e:
        pytest.skip(str(e))
    return default_folder()


@cache
def originals() -> dict[str, bytes]:
    """Network name to ONNX bytes."""
    try:
        return fetch_originals(load_manifest())
    except NetworkFault as e:
        pytest.skip(str(e))


@cache
def liveness_checkpoints() -> dict[str, bytes]:
    """Network name to the makers' file, from `GATE_NETWORKS`, else ../shared/networks beside the
    checkout; skips where they are not there."""
    folder = Path(os.environ.get("GATE_NETWORKS") or ROOT.parent / "shared" / "networks")
    files = load_manifest().fetched
    if not all((folder / f.file_name).is_file() for f in files):
        pytest.skip(f"no liveness networks in {folder}: set GATE_NETWORKS")
    return {f.network: (folder / f.file_name).read_bytes() for f in files}


@cache
def liveness_networks() -> Path:
    """A folder that holds the liveness pair, built for this run; skips as above."""
    folder = Path(mkdtemp(prefix="exam-gate-liveness-"))
    atexit.register(rmtree, folder)
    for output in load_manifest().optional:
        data = converted(liveness_checkpoints()[output.network], output)
        (folder / output.file_name).write_bytes(data)
    return folder


def faces_folder() -> Path:
    """`GATE_FACES`, else ../shared/faces beside the checkout; skips where it is absent."""
    beside = ROOT.parent / "shared" / "faces"
    folder = Path(os.environ.get("GATE_FACES") or beside)
    if not (folder / "london").is_dir():
        pytest.skip(f"no face pictures in {folder}: set GATE_FACES")
    return folder


def portrait(number: str, kind: str = "neutral") -> np.ndarray:
    """One studio portrait, 600 px high."""
    return decode_photo((faces_folder() / "london" / f"{number}_{kind}.jpg").read_bytes())


@cache
def portrait_and_face(number: str, kind: str = "neutral") -> tuple[Picture, Face]:
    """One studio portrait and the face in it, as the gate's large detector finds it."""
    picture = portrait(number, kind)
    face = StillPictures(networks()).most_central_face(picture)
    assert face is not None
    return picture, face
