"""The roster: its file and manifest, sealing and opening, signing and verifying, look-up, wiping.

Used by the gate (install, open, wipe) and by the office (build). docs/roster.md has the format.
"""
