"""gate.toml to validated settings."""
