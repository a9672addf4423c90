"""What a charger's hardware may be made of: the keys of the composition, their values, their
defaults (docs/boards.md). In memory only while a configuration is checked.

A field is `name:rule`, with `!` before it if it must be there and `=default` (JSON) after it.

| rule | accepts |
| --- | --- |
| `out` `in` `pwm` `adc` `irq` | a pin that can do that: drive, read, pulse, measure, count edges |
| `lamp` `touch` | as `out` and `in`, or a pin of the expander ("X0") |
| `uart` `i2c` `spi` | the number of a bus |
| `bool` `level` | true or false; 0 or 1 |
| `i6..80` `n0..9` | an integer, a number, in that range |
| `s20` | a string of 1 to 20 characters |
| `a|b` | one of these strings |
| `curve` | pairs of mV at the ADC and mV of the pilot, rising |
"""

import json

PIN_USES = ("out", "in", "pwm", "adc", "irq", "lamp", "touch")
BUSES = ("uart", "i2c", "spi")

_MODBUS = "!uart:uart address:i1..247=1 baud:i1200..115200 parity:none|even|odd"
_KEPT = " energy_wh:i0..1000000000=0"
_READER = ' order:msb|lsb="msb" case:upper|lower="upper" length:i1..10 decimal:bool=false'
_READER += " digits:i0..20=0 connector:i1..16"
_DERATE = " derate_c:i30..120 stop_c:i40..130"

# Of a connector, beside its parts. Above 63 A the low side of the pilot is too short to be seen.
CONNECTOR = "max_a:i6..63=32 phases:#1|3=3 socket:bool=false ventilated:bool=false"

# part: {driver or "": fields}
OF_CONNECTOR = {
    "pilot": {"": "!pin:pwm !adc:adc curve:curve invert:bool=false cut:out cut_active:level=1"},
    "load": {"": "idle_w:i0..1000=0 idle_s:i0..86400=0"},
    "contactor": {
        "": "!pin:out active:level=1 second:out second_active:level=1 feedback:in"
        ' feedback_active:level=1 pull:none|up|down="none" beat:out hold_ms:i100..5000'
    },
    "meter": {
        "modbus": _MODBUS
        + " invert:bool=false interval_ms:i200..60000=1000 offset_wh:i0..1000000000=0",
        "s0": '!pin:irq per_kwh:i1..100000=1000 phases:#1|3=1 pull:none|up|down="up"' + _KEPT,
        "pulse": "!cf:irq cf1:irq sel:out shunt_ohm:n0..1=0.001 power:i100..3000=1000"
        " current:i100..3000=1000 voltage:i100..3000=1000 sel_voltage:level" + _KEPT,
    },
    "lock": {
        "": "!pin:out pin_b:out active:level=1 pulse_ms:i50..5000=600 sense:in"
        ' sense_active:level=1 pull:none|up|down="none"'
    },
    "rcm": {
        "": "!pin:in second:in test:out active:level=1 test_active:level=1"
        ' pull:none|up|down="none"'
    },
    "proximity": {"": "!adc:adc pull_ohm:i10..1000000=1000 supply_mv:i500..5500=3300"},
    "temperature": {
        "ntc": "!adc:adc r25_ohm:i100..1000000=10000 beta:i1000..6000=3950"
        " pull_ohm:i100..1000000=10000 pull_up:bool=true" + _DERATE,
        "ds18b20": "!pin:out" + _DERATE,
        "mcp9700": "!adc:adc" + _DERATE,
    },
    "emergency": {"": '!pin:in active:level=1 pull:none|up|down="up"'},
    "earth": {"": '!pin:in active:level=1 pull:none|up|down="none"'},
    "parking": {"": '!pin:in active:level=1 pull:none|up|down="none"'},
    "foreign": {
        "openevse": "!uart:uart heartbeat_s:i5..120=20 fallback_a:i0..32=6 phases:#1|3=1",
        "simpleevse": "!uart:uart address:i1..247=1",
        "phoenix_evcc": "!uart:uart address:i1..247=1 lock:bool=false",
    },
    "lights": {
        "led": "!pin:lamp active:level=1",
        "leds": "red:lamp green:lamp blue:lamp active:level=1",
        "neopixel": "!pin:out count:i1..300=1 first:i0..299=0 brightness:i1..100=100",
    },
}
# Of the whole station; `rfid` may be a list of readers.
OF_STATION = {
    "expander": {
        "pcf8574": "!i2c:i2c address:i32..63=32",
        "mcp23017": "!i2c:i2c address:i32..39=32",
    },
    "rfid": {
        "pn532": "i2c:i2c spi:spi cs:out uart:uart" + _READER,
        "mfrc522": "!spi:spi !cs:out reset:out" + _READER,
        "rdm6300": "!uart:uart" + _READER,
        "wiegand": '!d0:irq !d1:irq pull:none|up|down="up"' + _READER,
    },
    "lights": OF_CONNECTOR["lights"],
    "display": {"ssd1306": "!i2c:i2c address:i8..119=60 width:i16..128=128 height:i16..64=64"},
    "button": {"": '!pin:touch active:level=0 pull:none|up|down="up" id_tag:s20'},
    "buzzer": {"": "!pin:pwm tonal:bool=true"},
}
EXPANDED = {"pcf8574": 8, "mcp23017": 16}  # pins
OF_BUS = {
    "uart": "!rx:in !tx:out direction:out echo:bool=false",
    "i2c": "!scl:out !sda:out freq:i10000..1000000=100000",
    "spi": "!sck:out !mosi:out !miso:in baud:i100000..10000000=1000000",
}


def drivers(kinds):
    """Names that a part's `driver` may have, () if it has none."""
    if "" in kinds:
        return ()
    names = []
    for name in kinds:
        if name == "modbus":
            from drivers import meters

            names += meters.names()
        elif name == "pulse":
            names += ["bl0937", "hlw8012"]
        else:
            names.append(name)
    return tuple(sorted(names))


def fields(kinds, driver):
    """The fields of a part with this driver, one of `drivers(kinds)` or None."""
    if "" in kinds:
        return kinds[""]
    if driver in ("bl0937", "hlw8012"):
        return kinds["pulse"]
    return kinds.get(driver) or kinds["modbus"]


def parsed(text):
    """{name: (rule, default)}; default ...: it must be there. Rules as in `rules.py`, or a string
    for pins, buses and curves."""
    found = {}
    for field in text.split():
        name, _, rule = field.partition(":")
        rule, _, default = rule.partition("=")
        must = name[0] == "!"
        default = ... if must else json.loads(default) if default else None
        found[name[must:]] = (_rule(rule), default)
    return found


def _rule(text):
    if text in PIN_USES or text in BUSES or text == "curve":
        return text
    if text == "bool":
        return bool
    if text == "level":
        return (0, 1)
    if text[0] == "#":
        return tuple([int(item) for item in text[1:].split("|")])
    if ".." in text:
        low, _, high = text[1:].partition("..")
        return range(int(low), int(high) + 1) if text[0] == "i" else [int(low), int(high)]
    if text[0] == "s" and text[1:].isdigit():
        return -int(text[1:])
    return tuple(text.split("|"))
