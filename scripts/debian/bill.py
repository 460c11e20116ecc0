"""Bill of materials (CycloneDX 1.5) and licences of a folder of wheels."""

import email
import hashlib
import json
import zipfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path


@dataclass(frozen=True)
class Component:
    """One wheel. `licence`: as the wheel says it; `sha256`: of the file."""

    name: str
    version: str
    licence: str
    sha256: str
    texts: tuple[str, ...]


def component(wheel: Path) -> Component:
    """Of a wheel's METADATA and licence files. ValueError where it has none."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        meta = next((n for n in names if n.endswith(".dist-info/METADATA")), None)
        if meta is None:
            raise ValueError(f"{wheel.name} has no METADATA")
        said = email.message_from_string(archive.read(meta).decode("utf-8"))
        words = ("LICENSE", "LICENCE", "COPYING", "NOTICE")
        texts = tuple(
            archive.read(n).decode("utf-8", "replace")
            for n in sorted(names)
            if ".dist-info/" in n and any(w in n.upper().rsplit("/", 1)[-1] for w in words)
        )
    return Component(
        said["Name"],
        said["Version"],
        _licence(said),
        hashlib.sha256(wheel.read_bytes()).hexdigest(),
        texts,
    )


def _licence(said: Message) -> str:
    """The SPDX expression, else the classifier, else the first line of License."""
    if said["License-Expression"]:
        return str(said["License-Expression"])
    classified = [
        c.rsplit(" :: ", 1)[-1]
        for c in said.get_all("Classifier", [])
        if c.startswith("License :: ") and c.count("::") > 1
    ]
    stated = (said["License"] or "").strip().splitlines()
    return " AND ".join(classified) or (stated[0][:80] if stated else "not stated")


def cyclonedx(name: str, version: str, components: list[Component]) -> str:
    """A CycloneDX 1.5 document, the same for the same wheels."""
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {"component": {"type": "application", "name": name, "version": version}},
            "components": [
                {
                    "type": "library",
                    "name": c.name,
                    "version": c.version,
                    "purl": f"pkg:pypi/{c.name.lower().replace('_', '-')}@{c.version}",
                    "hashes": [{"alg": "SHA-256", "content": c.sha256}],
                    "licenses": [{"license": {"name": c.licence}}],
                }
                for c in components
            ],
        },
        indent=1,
    )


def licences(components: list[Component]) -> str:
    """A list, and every text below it."""
    listed = "".join(f"{c.name} {c.version}: {c.licence}\n" for c in components)
    rows = [f"\n{'=' * 78}\n{c.name} {c.version}\n\n{text}" for c in components for text in c.texts]
    return listed + "".join(rows)
