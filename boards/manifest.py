# Freezes ocppy into a MicroPython build: included by the manifest.py of each board. Line numbers
# stay, as in the .mpy files: the record of a crash tells them.
import os

for name in ("drivers", "evse", "ocpp", "pki", "transfer", "wsclient"):
    package(name, base_path="../lib")
package("hardware", base_path=".")
module("port.py", base_path=".")
# The simulator stays at home; boot.py and main.py are files, so that they can be taken away.
at_home = "boot.py main.py recording.py replay.py simulate.py unix.py".split()
modules = [n for n in sorted(os.listdir("../firmware")) if n.endswith(".py") and n not in at_home]
freeze("../firmware", modules)
