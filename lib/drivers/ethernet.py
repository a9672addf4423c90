"""Ethernet where the port has it: LAN8720 and its like on the ESP32's own MAC, W5500 on SPI.

The `network` module and pins are handed in; what comes out is MicroPython's own interface object,
with `active`, `isconnected`, `ipconfig`. Nothing else of the project names a kind of chip.
"""


def lan8720(network, mdc, mdio, *, address=1, power=None, ref_clk=None, clock_out=False):
    """ESP32 with an RMII PHY. `address`: of the PHY; `power`: pin that switches it on, or None;
    `ref_clk`: pin of the 50 MHz clock; `clock_out`: the chip makes it. OSError without the part,
    ValueError where the port has no such interface."""
    if not hasattr(network, "PHY_LAN8720"):
        raise ValueError("this MicroPython has no LAN8720")
    options = {"mdc": mdc, "mdio": mdio, "phy_type": network.PHY_LAN8720, "phy_addr": address}
    if power is not None:
        options["power"] = power
    if ref_clk is not None:
        options["ref_clk"] = ref_clk
        options["ref_clk_mode"] = ref_clk.OUT if clock_out else ref_clk.IN
    return network.LAN(**options)


def w5500(network, spi, cs, *, interrupt=None, reset=None, address=0):
    """W5500 on SPI, on the ESP32 (`interrupt` needed) or on boards whose MicroPython has WIZNET5K
    (`reset` needed). OSError without the part, ValueError where the port has no such interface."""
    if hasattr(network, "PHY_W5500"):
        if interrupt is None:
            raise ValueError("a W5500 on this chip needs its interrupt pin")
        options = {"spi": spi, "cs": cs, "int": interrupt}
        options["phy_type"] = network.PHY_W5500
        options["phy_addr"] = address
        if reset is not None:
            options["reset"] = reset
        return network.LAN(**options)
    if hasattr(network, "WIZNET5K"):
        if reset is None:
            raise ValueError("a W5500 on this chip needs its reset pin")
        return network.WIZNET5K(spi, cs, reset)
    raise ValueError("this MicroPython has no W5500")
