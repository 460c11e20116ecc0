"""The board of the office: what people look at while an exam runs."""
