"""Sets a charger up over its serial line: `tools/provision --port PORT --url URL --id ID ...`.

The charger's console checks what comes in like any configuration, and answers in words. Exit
status 0: taken, and the charger restarts; 2: refused, with what is wrong.
"""

import argparse
import getpass
import json
import sys
import time
from pathlib import Path

import serial

_AGAIN_S = 4
_ANSWER_S = 20  # for the answer of a charger that is busy
_TEXTS = {
    "ssid": "name of the Wi-Fi network",
    "wifi_password": "its password; - asks for it",
    "url": "of the central system, ws:// or wss://",
    "id": "identity of the charger",
    "version": "of OCPP; several with commas between, the preferred one first",
    "security_profile": "0 to 3",
    "password": "of the charger at the central system; - asks for it",
    "ca_file": "name of a certificate file on the charger",
    "vendor": "who made the charger",
    "model": "what it is called",
    "serial": "its serial number",
}


class Refused(Exception):
    """The text is for the user."""


def main(words):
    wanted = _parse(words)
    told = {name: getattr(wanted, name) for name in _TEXTS if getattr(wanted, name) is not None}
    for name in ("wifi_password", "password"):
        if told.get(name) == "-":
            told[name] = getpass.getpass(_TEXTS[name].split(";")[0] + ": ")
    try:
        if bool(wanted.config) == bool(told):
            raise Refused("either --config FILE, or what is to be changed")
        line = "config " + _compact(wanted.config) if wanted.config else "set " + json.dumps(told)
        with serial.Serial(wanted.port, wanted.baud, timeout=0.2) as port:
            print("provision:", _ask(port, line))
            if not wanted.no_restart:
                port.write(b"reboot\r")
                port.flush()
        return 0
    except (Refused, serial.SerialException) as e:
        print("provision: %s" % e, file=sys.stderr)
        return 2


def _parse(words):
    parser = argparse.ArgumentParser(prog="provision", description=__doc__.splitlines()[0])
    parser.add_argument("--port", required=True, help="serial port of the charger")
    parser.add_argument("--baud", type=int, default=115200)
    parser.add_argument("--config", type=Path, help="a whole configuration instead")
    parser.add_argument("--no-restart", action="store_true", help="leave the restart to others")
    for name, what in _TEXTS.items():
        parser.add_argument("--" + name.replace("_", "-"), dest=name, help=what)
    return parser.parse_args(words)


def _compact(path):
    try:
        return json.dumps(json.loads(path.read_text()), separators=(",", ":"))
    except (OSError, ValueError) as e:
        raise Refused("%s: %s" % (path, e)) from None


def _ask(port, line):
    """Send a line, again and again: the charger may be starting. -> what it says of it. Refused if
    that is an error, or nothing."""
    port.reset_input_buffer()
    end = time.monotonic() + _ANSWER_S
    again = 0
    seen = b""
    while time.monotonic() < end:
        if time.monotonic() >= again:
            again = time.monotonic() + _AGAIN_S
            port.write(b"\r" + line.encode() + b"\r")
        seen += port.read(256)
        for found in seen.replace(b"\r", b"\n").split(b"\n")[:-1]:
            text = found.decode(errors="replace").strip()
            if text.startswith("= ok"):
                return text[2:]
            if text.startswith("= error: "):
                raise Refused(text[len("= error: ") :])
    raise Refused("no answer from the charger; is its console on this port?")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
