"""Markdown that a program writes: tables, diagrams, and the marked blocks of a page."""


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table without padding."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def mermaid(diagram: str) -> str:
    """A diagram as a fenced block."""
    return f"```mermaid\n{diagram}\n```"


def with_blocks(text: str, blocks: dict[str, str]) -> str:
    """`text` with each block between `<!-- name: begin -->` and `<!-- name: end -->` replaced.
    ValueError where a mark is missing."""
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.find(end) < text.find(begin):
            raise ValueError(f"the page has not one block between {begin} and {end}")
        head, rest = text.split(begin)
        text = f"{head}{begin}\n{block}\n{end}{rest.partition(end)[2]}"
    return text
