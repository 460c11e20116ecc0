"""Ticket photos of an exam judged before a roster is built: one by one, and against each other."""
