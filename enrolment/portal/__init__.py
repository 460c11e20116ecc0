"""The portal's pages, for candidates and staff."""
