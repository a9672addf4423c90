"""Scenarios and fleets of simulated chargers; docs/scenarios.md tells how they are written."""
