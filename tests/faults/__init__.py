"""The fault matrix: what may break, broken on purpose, and what the world saw held against what the
journals and the office hold in the end. `scripts/faults` runs it; a row is a kind of trouble."""
