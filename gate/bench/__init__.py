"""Measures on this machine: what `exam-gate bench` runs. A running gate never imports it."""
