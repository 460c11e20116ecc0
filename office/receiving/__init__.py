"""What gates send, taken in: authorised, stored, receipted."""
