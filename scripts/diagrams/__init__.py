"""Diagrams and tables of the docs, printed from the program's own tables.

`python -m scripts.diagrams` brings docs/lane.md and docs/card-reader.md up to date.
"""
