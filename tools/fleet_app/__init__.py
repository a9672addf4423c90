"""Host side of `tools/fleet`; `stations.py` runs on MicroPython."""
