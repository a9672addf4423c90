# Freezes ocppy into a MicroPython build: included by the manifest.py of each board.
for name in ("drivers", "evse", "ocpp", "pki", "transfer", "wsclient"):
    package(name, base_path="../lib", opt=3)
package("hardware", base_path=".", opt=3)
module("port.py", base_path=".", opt=3)
freeze("../firmware", opt=3)
