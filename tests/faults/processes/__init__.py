"""Real processes on loopback: mosquitto, exam-office and exam-gate, broken from outside."""
