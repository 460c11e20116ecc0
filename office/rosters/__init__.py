"""Lists of candidates and photos to sealed, signed rosters."""
