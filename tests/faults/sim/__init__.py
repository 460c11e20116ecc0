"""One thread, one seed: gates, network, broker, office, disks and clocks in virtual time, around
the product's own service, lane, journal, uplink and receiver. What is simulated is only what lies
outside the program: see `seams.py`."""
