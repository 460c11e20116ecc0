"""The running unit: the lane that owns the state, and the tasks around it."""
