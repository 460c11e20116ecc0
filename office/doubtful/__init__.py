"""The chief examiner's doubtful cases (存疑考生): what is known of each, and how it was settled."""
