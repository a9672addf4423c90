"""What people touch and see: card readers, button, lights, display, buzzer. Nothing of it is
needed to charge. Makes them at the start, then let go."""

from machine import PWM, Pin

from hardware.build import pin_in

_TAG = ("order", "case", "length", "decimal", "digits")


def reader(builder, part):
    """A `Reader`. OSError, ValueError."""
    from hardware.evse import Reader

    options = {name: part[name] for name in _TAG}
    return Reader(_reader(builder, part, builder.clock), options, part["connector"])


def _reader(builder, part, clock):
    driver = part["driver"]
    if driver == "rdm6300":
        from drivers.rdm6300 import RDM6300

        return RDM6300(builder.uart(part["uart"], 9600), clock)
    if driver == "wiegand":
        from drivers.wiegand import Wiegand

        pins = [pin_in(part[name], part["pull"]) for name in ("d0", "d1")]
        hard = True if builder.plan["chip"]["hard_irq"] else None
        return Wiegand(pins[0], pins[1], clock, Pin.IRQ_FALLING, hard=hard)
    if driver == "mfrc522":
        from drivers.mfrc522 import MFRC522

        reset = part["reset"]
        reset = None if reset is None else Pin(reset, Pin.OUT, value=1)
        select = Pin(part["cs"], Pin.OUT, value=1)
        return MFRC522(builder.spi(part["spi"]), select, clock, reset=reset)
    from drivers.pn532 import PN532

    return PN532(_transport(builder, part), clock)


def _transport(builder, part):
    if part["i2c"] is not None:
        from drivers.pn532_i2c import PN532I2C

        return PN532I2C(builder.i2c(part["i2c"]))
    if part["spi"] is not None:
        from drivers.pn532_spi import PN532SPI

        return PN532SPI(builder.spi(part["spi"]), Pin(part["cs"], Pin.OUT, value=1))
    from drivers.pn532_uart import PN532UART

    return PN532UART(builder.uart(part["uart"], 115200))


def lights(builder, part):
    made = _lights(builder, part)
    made.show("booting")
    made.step()
    return made


def _lights(builder, part):
    if part["driver"] == "led":
        from drivers.blink import BlinkLight

        active = part["active"]
        return BlinkLight(builder.pin(part["pin"], level=1 - active), builder.clock, active=active)
    if part["driver"] == "neopixel":
        from neopixel import NeoPixel

        from drivers.lights import PixelLights

        first, count = part["first"], part["count"]
        pixels = NeoPixel(Pin(part["pin"]), first + count)
        brightness = part["brightness"]
        return PixelLights(pixels, builder.clock, first=first, count=count, brightness=brightness)
    from drivers.lights import LedLights

    active = part["active"]
    pins = [
        None if part[colour] is None else builder.pin(part[colour], level=1 - active)
        for colour in ("red", "green", "blue")
    ]
    return LedLights(pins[0], pins[1], pins[2], builder.clock, active=active)


def button(builder, part):
    from drivers.button import Button

    pin = builder.pin(part["pin"], part["pull"])
    return Button(pin, builder.clock, active=part["active"])


def buzzer(builder, part):
    from drivers.buzzer import Buzzer

    if not part["tonal"]:
        return Buzzer(Pin(part["pin"], Pin.OUT, value=0), builder.clock, tonal=False)
    return Buzzer(PWM(Pin(part["pin"]), freq=1000, duty_u16=0), builder.clock)


def display(builder, part):
    """OSError, ImportError: then there is none."""
    from ssd1306 import SSD1306_I2C

    from drivers.display import Display

    panel = SSD1306_I2C(part["width"], part["height"], builder.i2c(part["i2c"]), part["address"])
    return Display(panel, builder.clock)
