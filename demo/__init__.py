"""The exam morning: an outside client of the two programs. It knows files, sockets and commands
and imports nothing of `gate` or `office`."""
