"""One file a verb of exam-gate."""
