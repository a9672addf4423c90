# Freezes ocppy into MicroPython for this board: docs/flashing.md.
include("$(PORT_DIR)/boards/manifest.py")
include("../manifest.py")
