"""Which network files there must be, where they are, and whether they are whole."""

import os
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gate.errors import ModelDamaged, UsageError
from gate.platform.durable_files import file_sha256
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml
from gate.platform.user_paths import place_of_user

MANIFEST = Path(__file__).with_name("manifest.toml")
_MANIFEST_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One ONNX original inside the pinned wheel."""

    network: str
    path: str
    size_bytes: int
    sha256: str
    licence: str
    origin: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """One file that its makers publish at an address of its own."""

    network: str
    url: str
    size_bytes: int
    sha256: str
    licence: str
    origin: str

    @property
    def file_name(self) -> str:
        """The name that its makers gave it."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Output:
    """One network file. `size`: width and height of its input."""

    name: str
    network: str
    size: tuple[int, int]
    use: str
    size_bytes: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The name of the built file."""
        return f"{self.name}.tflite"


@dataclass(frozen=True, slots=True)
class NetworkManifest:
    """What networks there are, and where they come from.

    `requirement`: the wheel as pip names it. `outputs`: what is built from it. `shipped`: this
    project's own networks, which come with the program. `optional`: built from `fetched`; a gate
    works without them.
    """

    requirement: str
    members: tuple[Member, ...]
    outputs: tuple[Output, ...]
    shipped: tuple[Output, ...] = ()
    fetched: tuple[Fetched, ...] = ()
    optional: tuple[Output, ...] = ()

    def output(self, name: str) -> Output:
        """KeyError where the manifest has no such network."""
        for output in (*self.outputs, *self.shipped, *self.optional):
            if name in (output.name, output.file_name):
                return output
        raise KeyError(name)

    def member(self, network: str) -> Member:
        """The ONNX original of `network`."""
        return next(m for m in self.members if m.network == network)

    def fetched_file(self, network: str) -> Fetched:
        """The makers' file of `network`."""
        return next(f for f in self.fetched if f.network == network)


@cache
def load_manifest() -> NetworkManifest:
    """The manifest that ships with this version."""
    return read_manifest(MANIFEST)


class _Table(BaseModel):
    model_config = ConfigDict(strict=True)


class _MemberTable(_Table):
    network: str
    path: str
    bytes: int
    sha256: str
    licence: str
    origin: str


class _FetchedTable(_Table):
    network: str
    url: str
    bytes: int
    sha256: str
    licence: str
    origin: str


class _OutputTable(_Table):
    name: str
    network: str
    size: Annotated[list[int], Field(min_length=2)]
    use: str
    bytes: int
    sha256: str


class _SourceTable(_Table):
    requirement: str
    member: list[_MemberTable]


class _ManifestTable(_Table):
    source: _SourceTable
    output: list[_OutputTable]
    shipped: list[_OutputTable]
    fetched: list[_FetchedTable]
    optional: list[_OutputTable]


def read_manifest(path: Path) -> NetworkManifest:
    """The manifest at `path`. ModelDamaged where it does not read or is none."""
    try:
        raw = _ManifestTable.model_validate(decode_toml(read_regular(path, _MANIFEST_BYTES_MAX)))
    except (OSError, ValueError) as e:  # pydantic's error is a ValueError
        raise ModelDamaged(
            f"The list of network files {path} cannot be read: install this program again.",
            f"无法读取模型清单 {path}：请重新安装本程序。",
            path=str(path),
        ) from e
    members = tuple(
        Member(m.network, m.path, m.bytes, m.sha256, m.licence, m.origin) for m in raw.source.member
    )
    fetched = tuple(
        Fetched(f.network, f.url, f.bytes, f.sha256, f.licence, f.origin) for f in raw.fetched
    )
    outputs, shipped, optional = (
        tuple(map(_output, tables)) for tables in (raw.output, raw.shipped, raw.optional)
    )
    return NetworkManifest(raw.source.requirement, members, outputs, shipped, fetched, optional)


def _output(raw: _OutputTable) -> Output:
    size = (raw.size[0], raw.size[1])
    return Output(raw.name, raw.network, size, raw.use, raw.bytes, raw.sha256)


def default_folder() -> Path:
    """exam-gate/models under `XDG_CACHE_HOME` (~/.cache). UsageError."""
    return (
        place_of_user("XDG_CACHE_HOME", "~/.cache", "--to, --in or --models")
        / "exam-gate"
        / "models"
    )


def build_command(folder: Path) -> str:
    """What fills this folder: without --to only the user's cache would be filled."""
    try:
        is_default = folder == default_folder()
    except UsageError:  # a service's user may have no home
        is_default = False
    to = "" if is_default else f" --to {shlex.quote(str(folder))}"
    return f"exam-gate models build{to}"


def verify(folder: Path) -> list[str]:
    """One sentence, English and Chinese, for each network that is missing, cut short or altered;
    empty when whole. One that a gate works without may be missing, but not damaged."""
    manifest = load_manifest()
    there = (o for o in manifest.optional if is_there(folder, o))
    faults = (fault(folder, output) for output in (*manifest.outputs, *manifest.shipped, *there))
    return [" ".join(f) for f in faults if f]


def model_path(folder: Path, name: str) -> Path:
    """The file of network `name`, whose SHA-256 has just been checked: in `folder`, or beside this
    file where the program brings it along. ModelDamaged."""
    output = load_manifest().output(name)
    found, path = fault(folder, output), _place(folder, output)
    if found:
        raise ModelDamaged(*found, path=str(path))
    return path


def is_there(folder: Path, output: Output) -> bool:
    """Whether the file lies in `folder`, whole or not."""
    return os.path.lexists(_place(folder, output))


def _place(folder: Path, output: Output) -> Path:
    own = output in load_manifest().shipped
    return (MANIFEST.parent if own else folder) / output.file_name


def models_label(*names: str) -> str:
    """Names and leading hash digits, as decisions carry them: `yunet-640x480:27fd9cad+…`."""
    outputs = [load_manifest().output(n) for n in names]
    return "+".join(f"{o.name}:{o.sha256[:8]}" for o in outputs)


def fault(folder: Path, output: Output) -> tuple[str, str] | None:
    """What is wrong with one file, in English and Chinese."""
    path = _place(folder, output)
    try:
        size = path.stat().st_size
        if size != output.size_bytes:
            how, how_zh = _size_words(size, output.size_bytes)
        elif file_sha256(path) == output.sha256:
            return None
        else:
            how, how_zh = (
                "is not the pinned one (SHA-256 differs)",
                "与固定版本不符（SHA-256 不同）",
            )
    except FileNotFoundError:
        how, how_zh = "is missing", "不存在"
    except OSError as e:
        how, how_zh = f"cannot be read ({e.strerror})", f"无法读取（{e.strerror}）"
    if output in load_manifest().shipped:
        return (
            f"Model file {path} {how}: install this program again.",
            f"模型文件 {path} {how_zh}：请重新安装本程序。",
        )
    build = build_command(folder)
    return f"Model file {path} {how}: run {build}.", f"模型文件 {path} {how_zh}：请运行 {build}。"


def _size_words(size: int, wanted: int) -> tuple[str, str]:
    if size < wanted:
        return (
            f"is cut short ({size:,} of {wanted:,} bytes)",
            f"不完整（{size:,} / {wanted:,} 字节）",
        )
    return f"is too long ({size:,} bytes, not {wanted:,})", f"长度不符（{size:,} 字节）"
