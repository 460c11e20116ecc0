"""What is asked of the outside: identity, payment, messages. Ports, and simulators of them."""
