"""One file a verb of exam-gate. Each imports its heavy parts inside the function that needs them,
so that `exam-gate run` carries only what it uses."""
