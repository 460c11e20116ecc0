"""The candidates' portal: from a pre-registered candidate to a ticket number and a ticket photo."""
