"""The liveness pair is had from its makers or a folder; nothing but the pinned bytes is opened."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gate.errors import InputDamaged, NetworkFault
from gate.models.building import liveness_pair
from gate.models.building.liveness_pair import build_liveness_pair, converted
from gate.models.network_files import NetworkManifest, load_manifest, verify
from tests.adapters.models.minifasnet_reference import random_weights
from tests.checkpoint_making import checkpoint
from tests.networks import liveness_checkpoints, networks

FILES = {
    "minifasnet-v2": checkpoint(random_weights(1, excited=False)),
    "minifasnet-v1se": checkpoint(random_weights(2, excited=True)),
}


def stand_in(address: str) -> NetworkManifest:
    """The manifest with two small networks in the places of the two, at `address`."""
    real = load_manifest()
    fetched, optional = [], []
    for f, o in zip(real.fetched, real.optional, strict=True):
        content = FILES[f.network]
        digest = hashlib.sha256(content).hexdigest()
        url = f"{address}/{f.file_name}"
        fetched.append(replace(f, url=url, size_bytes=len(content), sha256=digest))
        built = bytes(converted(content, o))
        sha256 = hashlib.sha256(built).hexdigest()
        optional.append(replace(o, size_bytes=len(built), sha256=sha256))
    return replace(real, fetched=tuple(fetched), optional=tuple(optional))


class Makers(BaseHTTPRequestHandler):
    """Serves what the server's `files` hold."""

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def makers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), Makers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        manifest = stand_in(f"http://127.0.0.1:{server.server_port}")
        server.files = {f"/{f.file_name}": FILES[f.network] for f in manifest.fetched}
        monkeypatch.setattr(liveness_pair, "load_manifest", lambda: manifest)
        yield server
        server.shutdown()
        thread.join()


def written(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_both_are_fetched_by_address_and_a_second_build_fetches_nothing(
    tmp_path: Path, makers: ThreadingHTTPServer
) -> None:
    build_liveness_pair(tmp_path / "new")
    assert written(tmp_path / "new") == ["minifasnet-v1se.tflite", "minifasnet-v2.tflite"]
    makers.files.clear()
    build_liveness_pair(tmp_path / "new")


def test_what_is_not_there_is_one_sentence_and_no_file(
    tmp_path: Path, makers: ThreadingHTTPServer
) -> None:
    del makers.files["/4_0_0_80x80_MiniFASNetV1SE.pth"]
    with pytest.raises(NetworkFault, match="that layer of liveness is off") as caught:
        build_liveness_pair(tmp_path)
    assert "活体检测停用" in caught.value.zh
    assert "--from" in caught.value.en
    assert written(tmp_path) == []


def test_without_a_network_it_is_the_same_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = stand_in("http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(liveness_pair, "load_manifest", lambda: manifest)
    with pytest.raises(NetworkFault, match="that layer of liveness is off"):
        build_liveness_pair(tmp_path)


FOREIGN = {
    "damaged": FILES["minifasnet-v2"][:-1] + b"!",
    "cut": FILES["minifasnet-v2"][:-1],
    "long": FILES["minifasnet-v2"] + b"!",
    "page": b"<html>please sign in</html>",
    "hostile": b"cposix\nsystem\n(S'touch called'\ntR.",
    "empty": b"",
    "other": FILES["minifasnet-v1se"],
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_is_refused_by_its_hash_wherever_it_comes_from(
    tmp_path: Path, makers: ThreadingHTTPServer, content: bytes
) -> None:
    makers.files["/2.7_80x80_MiniFASNetV2.pth"] = content
    with pytest.raises(InputDamaged, match="not the pinned file"):
        build_liveness_pair(tmp_path / "new")
    source = tmp_path / "source"
    source.mkdir()
    for name, data in makers.files.items():
        (source / name[1:]).write_bytes(data)
    with pytest.raises(InputDamaged, match="pinned file") as caught:
        build_liveness_pair(tmp_path / "new", source)
    assert caught.value.exit_code == 4
    assert written(tmp_path / "new") == []


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe", "loop"])
def test_a_folder_without_the_file_is_told_where_it_comes_from(
    tmp_path: Path, makers: ThreadingHTTPServer, kind: str
) -> None:
    file = tmp_path / "2.7_80x80_MiniFASNetV2.pth"
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "loop":
        file.symlink_to(file)
    with pytest.raises(InputDamaged, match=r"MiniFASNetV2\.pth") as caught:
        build_liveness_pair(tmp_path / "new", tmp_path)
    assert "http://" in caught.value.en


def test_the_makers_files_are_pinned_at_one_commit() -> None:
    for file in load_manifest().fetched:
        host, owner, name, commit, *_ = file.url.removeprefix("https://").split("/")
        assert (host, owner) == ("raw.githubusercontent.com", "minivision-ai")
        assert (name, len(commit)) == ("Silent-Face-Anti-Spoofing", 40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every network but the pair."""
    made = tmp_path / "models"
    made.mkdir()
    for output in load_manifest().outputs:
        (made / output.file_name).symlink_to(networks() / output.file_name)
    return made


def models(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """`exam-gate models` where no outside address answers."""
    program = [sys.executable, "-m", "gate", "models", *map(str, words)]
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(
        program, capture_output=True, text=True, check=False, env=os.environ | nowhere
    )


@pytest.mark.models
@pytest.mark.system
@pytest.mark.slow
def test_a_build_without_the_pair_ends_well_and_says_so_once(folder: Path) -> None:
    done = models("build", "--to", folder)
    assert (done.returncode, done.stderr.count("that layer of liveness is off")) == (0, 1)
    assert done.stderr.count("活体检测停用") == 1
    assert "Traceback" not in done.stderr
    verified = models("verify", "--in", folder)
    assert verified.returncode == 0
    assert "that layer of liveness is off" in verified.stdout


@pytest.mark.models
@pytest.mark.system
@pytest.mark.slow
def test_a_build_from_a_folder_gives_the_pinned_networks(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for file in load_manifest().fetched:
        (source / file.file_name).write_bytes(liveness_checkpoints()[file.network])
    assert models("build", "--to", folder, "--from", source).returncode == 0
    assert verify(folder) == []
    assert models("verify", "--in", folder).stdout.count("is off") == 0
    damaged = folder / "minifasnet-v2.tflite"
    damaged.write_bytes(damaged.read_bytes()[:-4] + b"four")
    assert models("verify", "--in", folder).returncode == 1
    (source / "2.7_80x80_MiniFASNetV2.pth").write_bytes(b"cposix\nsystem\n.")
    refused = models("build", "--to", folder, "--from", source)
    assert (refused.returncode, refused.stderr.count("SHA-256")) == (4, 2)  # English and Chinese
