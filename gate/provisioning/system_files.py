"""Files of the system: texts from a site, and edits of files that are there already."""

import ipaddress
import json
import re

from gate.provisioning.site_file import Site

MARK = "# exam-gate provision"
_BEGIN, _END = f"{MARK}: begin", f"{MARK}: end"
STATE = "/var/lib/exam-gate"


PACKAGED_NETWORKS = "/usr/share/exam-gate/models"


def gate_toml(site: Site, packaged: bool) -> str:
    """gate.toml: only what differs from the defaults, and the unit itself."""
    tables: list[tuple[str, dict[str, object]]] = [
        ("[unit]", {"id": site.unit.id, "site": site.unit.site, "rooms": list(site.unit.rooms)}),
        ("[paths]", {"models": PACKAGED_NETWORKS} if packaged else {}),
        ("[reader]", {"port": "/dev/exam-gate-reader", "baud": site.reader.baud}),
        *(("[[source]]", s.model_dump(mode="json", exclude_defaults=True)) for s in site.source),
        (
            "[camera]",
            {
                "kind": site.camera.kind,
                "device": site.camera.device or 0,
                "upside_down": site.camera.upside_down,
            },
        ),
        ("[signals]", site.signals.model_dump(mode="json")),
        ("[mqtt]", site.mqtt.model_dump(mode="json")),
        ("[office]", {"url": site.office.url} if site.office.url else {}),
        ("[console]", site.console.model_dump(mode="json")),
        ("[screen]", {"speech": site.kiosk.speech, "languages": list(site.kiosk.languages)}),
    ]
    lines = [f"{MARK}: change site.toml, not this file."]
    for head, values in tables:
        if values:
            # A basic string, a number, a list of strings: JSON and TOML write them alike.
            rows = [f"{key} = {_toml(value)}" for key, value in values.items()]
            lines += ["", head, *rows]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def fstab(existing: str, site: Site, shipped: str) -> str:
    """fstab with the data partition, between marks. `nofail`: without the partition the board still
    starts and the gate says so; without the word it waits for a keyboard."""
    line = next(row for row in shipped.splitlines() if row.startswith("LABEL="))
    entry = re.sub(r"^LABEL=\S+", f"LABEL={site.storage.data}", line)
    rest = [row for row in _outside(existing) if row.startswith("#") or STATE not in row.split()]
    return _with_block(rest, [entry])


def hosts(existing: str, site: Site) -> str:
    """/etc/hosts with the unit's own name."""
    rest = [row for row in _outside(existing) if not row.startswith("127.0.1.1")]
    return _with_block(rest, [f"127.0.1.1 {site.unit.id}"])


def _outside(text: str) -> list[str]:
    """The lines outside our marks."""
    kept, inside = [], False
    for row in text.splitlines():
        inside = (inside or row == _BEGIN) and row != _END
        if not inside and row != _END:
            kept.append(row)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _with_block(rest: list[str], block: list[str]) -> str:
    return "\n".join([*rest, _BEGIN, *block, _END, ""])


def udev_rules(site: Site, shipped: str) -> str:
    """The reader's link: on the pins, or behind the adapters that the site names."""
    lines = shipped.splitlines()
    if site.reader.port == "pins":
        return "\n".join([*(row for row in lines if "idVendor" not in row or "#" in row[:1]), ""])
    model = next(row for row in lines if row.startswith("SUBSYSTEM") and "idVendor" in row)
    rules = []
    for usb in site.reader.usb:
        vendor, product = usb.split(":")
        rule = re.sub(r'(idVendor}==")\w+', rf"\g<1>{vendor}", model)
        rules.append(re.sub(r'(idProduct}==")\w+', rf"\g<1>{product}", rule))
    head = [row for row in lines[:3] if row.startswith("#")]
    return "\n".join([*head, *rules, ""])


def chrony(site: Site, shipped: str) -> str:
    """The site's servers in the shipped fragment."""
    model = next(row for row in shipped.splitlines() if row.startswith("server "))
    options = model.split(maxsplit=2)[2]
    servers = "\n".join(f"server {host} {options}" for host in site.network.time)
    return shipped.replace(model, servers)


def chrony_main(existing: str) -> str:
    """/etc/chrony/chrony.conf without servers of its own: the site's are the only ones."""
    rows = [
        f"# {row}" if re.match(r"\s*(pool|server|peer|sourcedir|makestep|rtcsync)\s?", row) else row
        for row in existing.splitlines()
    ]
    return "\n".join([*rows, ""])


def watchdog(site: Site, shipped: str) -> str:
    """The shipped fragment with the site's seconds."""
    return re.sub(
        r"^RuntimeWatchdogSec=.*$",
        f"RuntimeWatchdogSec={site.watchdog.seconds}s",
        shipped,
        flags=re.MULTILINE,
    )


def nftables(site: Site) -> str:
    """What may come in: answers, SSH of the admin networks, the console's port where it listens
    outside."""
    console = site.console.listen.rpartition(":")
    rows = _accepted(22, site.network.admin)
    if console[0] not in ("127.0.0.1", "localhost", "[::1]"):
        rows += _accepted(int(console[2]), site.network.exam)
    listed = "".join(f"        {row}\n" for row in rows)
    return f"""#!/usr/sbin/nft -f
{MARK}: a gate answers nobody but its own site.
flush ruleset

table inet exam_gate {{
    chain input {{
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        meta l4proto {{ icmp, ipv6-icmp }} limit rate 20/second accept
        udp sport 67 udp dport 68 accept
{listed}    }}
    chain forward {{
        type filter hook forward priority filter; policy drop;
    }}
}}
"""


def _accepted(port: int, networks: tuple[str, ...]) -> list[str]:
    """One rule for each family that has a network here."""
    found = []
    for family, version in (("ip", 4), ("ip6", 6)):
        of_it = [n for n in networks if ipaddress.ip_network(n).version == version]
        if of_it:
            found.append(f"{family} saddr {{ {', '.join(of_it)} }} tcp dport {port} accept")
    return found


def network_connection(site: Site) -> str:
    """NetworkManager's file of the cable."""
    it = site.network
    four = "method=auto\n" if it.address == "dhcp" else f"method=manual\naddress1={it.address}"
    if it.address != "dhcp":
        four += f",{it.gateway}\n" if it.gateway else "\n"
    if it.dns:
        four += f"dns={';'.join(it.dns)};\n"
    return (
        f"{MARK}\n[connection]\nid=exam-gate\ntype=ethernet\nautoconnect=true\n"
        f"autoconnect-priority=10\n\n[ipv4]\n{four}\n[ipv6]\nmethod=link-local\n"
    )


def allowed_addresses(site: Site) -> str:
    """Drop-in of the units: the site's networks instead of every private one."""
    rows = ["localhost", *site.network.exam]
    listed = "\n".join(f"IPAddressAllow={row}" for row in rows)
    return f"{MARK}\n[Service]\nIPAddressAllow=\n{listed}\n"


def tmpfiles() -> str:
    """Owners that a card copied by root does not have."""
    return (
        f"{MARK}: state and keys belong to the gate's user, also on a card made by root.\n"
        f"d {STATE} 0700 exam-gate exam-gate -\n"
        "Z /etc/exam-gate - exam-gate exam-gate -\n"
    )


JOURNALD = f"""{MARK}: the log is in memory and bounded; the journal of decisions is elsewhere.
[Journal]
Storage=volatile
RuntimeMaxUse=40M
RateLimitIntervalSec=30s
RateLimitBurst=2000
"""
ZRAM_TRIXIE = (
    f"{MARK}: swap in memory only; faces must not reach the card.\n[Main]\nMechanism=zram\n"
)
ZRAM_BOOKWORM = f"{MARK}: swap in memory only.\n[zram0]\nzram-size = ram / 4\n"


def user_data(site: Site) -> str:
    """cloud-init of Trixie. A user and a password are the imager's or the technician's own."""
    wanted = ["chrony", "nftables", "overlayroot", "python3-lgpio", "python3-picamera2"]
    wanted += ["cage", "chromium", "xwayland"] if site.kiosk.screen else []
    listed = "\n".join(f"  - {name}" for name in sorted(wanted))
    return (
        f"#cloud-config\n{MARK}\nhostname: {json.dumps(site.unit.id)}\nmanage_etc_hosts: false\n"
        f"ssh_pwauth: false\npackage_update: true\npackages:\n{listed}\n"
    )
