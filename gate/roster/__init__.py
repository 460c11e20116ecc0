"""The signed and sealed list of one site's candidates."""
