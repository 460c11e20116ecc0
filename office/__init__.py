"""The central office's own program, exam-office."""
