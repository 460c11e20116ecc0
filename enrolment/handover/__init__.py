"""From registered candidates to the folder that the office takes."""
