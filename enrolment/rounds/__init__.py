"""ROUND.toml and its lists: read, checked, every fault at once."""
