"""One file a verb of exam-office."""
