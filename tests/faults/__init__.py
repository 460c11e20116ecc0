"""The fault matrix: what may break is broken on purpose.

What the world saw is compared with what the journals and the office hold in the end.
`scripts/faults` runs it; a row is a kind of trouble.
"""
