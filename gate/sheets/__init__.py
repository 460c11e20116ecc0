"""Printed sheets: values in, PDF out. Draws with fpdf2, in a process of its own."""
