"""Host side of the simulated charger: command line, build, flash, and the process that runs it."""
