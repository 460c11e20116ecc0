"""What staff use: clients of the Desk port, never of store or roster."""
