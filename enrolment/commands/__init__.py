"""The verbs of exam-enrol, one file each."""
