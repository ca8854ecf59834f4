"""Rules both wires share; each wraps a port and is one."""
