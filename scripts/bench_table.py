"""Shows JSON results as lines; with --merge FILE writes them as one object by name instead."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def lines(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Dotted name and value of every leaf."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from lines(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
        for place, inner in enumerate(value):
            yield from lines(inner, f"{name}[{place}]")
    else:
        yield name, f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--merge", type=Path, metavar="FILE")
    asked = parser.parse_args()
    # A part that failed before it measured anything left an empty file; its exit code tells.
    found = {p.stem: json.loads(p.read_text()) for p in asked.results if p.stat().st_size}
    if asked.merge:
        asked.merge.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    for result in found.values():
        for name, value in lines(result):
            print(f"  {name:44} {value}")


if __name__ == "__main__":
    main()
