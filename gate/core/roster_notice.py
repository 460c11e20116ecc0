"""What the office says of a roster that lies ready, and whether a gate fetches it. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SPREAD_MAX_S = 6 * 3600
"""A gate waits no longer than this before it fetches, whatever the notice says."""
BYTES_MAX = 2**31
"""Of a roster file. One of 3,000 candidates with photos has about 60 MB."""
MANIFEST_BYTES_MAX = 4 << 20
RESERVE_BYTES = 256 << 20
"""What stays free on the disk for the journal while a roster is fetched."""


@dataclass(frozen=True, slots=True)
class RosterNotice:
    """A roster of `exam` and `site` lies ready. `manifest`: SHA-256 of its signed manifest, hex;
    `bytes`: size of the manifest. `spread_s`: the gates fetch it within so many seconds."""

    exam: str
    site: str
    version: int
    manifest: str
    bytes: int
    spread_s: int

    @property
    def name(self) -> str:
        """As decisions carry it."""
        return f"{self.exam}/{self.site}/v{self.version}"


def refusal(notice: RosterNotice, site: str, known: Mapping[str, tuple[int, str]]) -> str | None:
    """Why it is not fetched, in one sentence; empty where it is here already; None where it is
    wanted. `known`: the highest version that this unit has had and the SHA-256 of its manifest, by
    `<exam>/<site>`."""
    if notice.site != site:
        return f"{notice.name} is of another site than {site}. 名册属于其他考点。"
    had, manifest = known.get(f"{notice.exam}/{notice.site}", (0, ""))
    if notice.version == had and notice.manifest == manifest:
        return ""
    if notice.version == had:
        return f"{notice.name} is another roster than the one of that number here. 版本号重复。"
    if notice.version < had:
        return f"{notice.name} is older than version {had}, which was here. 名册版本过旧。"
    return None


def newest(notices: Iterable[RosterNotice]) -> list[RosterNotice]:
    """Of each exam and site the highest version, in order of the names."""
    found: dict[str, RosterNotice] = {}
    for notice in sorted(notices, key=lambda n: n.version):
        found[f"{notice.exam}/{notice.site}"] = notice
    return [found[name] for name in sorted(found)]


def delay_s(gate: str, notice: RosterNotice) -> float:
    """How long `gate` waits: its own place in the spread, always the same for one notice. So 1,000
    gates that hear at once do not come at once."""
    drawn = hashlib.sha256(f"{gate}\n{notice.manifest}".encode()).hexdigest()[:12]
    return min(notice.spread_s, SPREAD_MAX_S) * int(drawn, 16) / 16**12


def lacking_bytes(size: int, have: int, free: int) -> int:
    """How many bytes of the disk are missing for a roster file of `size`, of which `have` are here;
    0 where there is room. It lies there twice until it is installed."""
    return max(0, 2 * size - have + RESERVE_BYTES - free)
