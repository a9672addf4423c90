"""One simulated EVSE: cable, car, control pilot, contactor, cable lock and meter.

Inputs from the station are `permit`, `limit_ma`, `limit_phases` and `lock_wanted`; inputs from the
world come through the methods `plug`, `unplug`, ... . `step(ms)` moves energy and time. The
contactor is opened here, out of what this EVSE sees itself, whatever the station says: no car, car
not in state C or D, pilot fault, any fault, no permit, an offer below 6 A.
"""

import sys

from sim import faults

VOLTAGE_V = const(230)
MAX_MA = const(32000)  # what contactor and wiring carry
_GAP_MS = const(250)  # longer than the station takes between two looks
_MIN_MA = const(6000)  # the least that a control pilot can offer (IEC 61851-1)
_WMS_PER_WH = const(3600000)  # watt milliseconds in one watt hour
_PERCENT_WMS = 60000 * _WMS_PER_WH // 100  # one percent of the car's battery of 60 kWh


class Evse:
    switches_phases = True  # from three to one and back

    def __init__(self, number, has_lock):
        self.id = number
        self.has_lock = has_lock
        # From the station
        self.permit = False  # the contactor may close
        self.limit_ma = None  # int mA, None: not limited
        self.limit_phases = None  # phases switched on when the contactor closes, None: all
        self.lock_wanted = False
        self.authorized = None  # for whom it charges; not used here
        # The car and its cable
        self.ev = "A"  # "A" no car, "B" connected, "C" "D" asks for energy
        self.current_ma = MAX_MA  # int mA that the car draws at most
        self.phases = 3  # 1, 2 or 3
        self.soc_wms = 0  # energy in the battery, watt milliseconds
        self.fills = False  # False: the battery never gets full
        self.cable_ma = None  # what its cable carries, None: nobody knows
        # The station's own hardware
        self.relay = False  # contactor closed
        self.locked = False
        self.jam = False  # the lock actuator can't move
        self.lock_failed = False  # it should have locked and did not; until it works again
        self.pilot = None  # None, "E" or "F": the pilot line is broken
        self.diode = True  # False: the car's pilot diode is missing
        self.occupied = False  # parking bay sensor
        self.energy_wh = 0  # import register
        self.signed = False  # the meter delivers signed values
        self.meter = None  # (file of its key, serial number, fn() -> Unix s) if it can sign
        self.faults = {}  # code: (info, vendor_id, vendor_code)
        self.errors = ()  # see `faults.active`
        self._rest_wms = 0  # energy below one Wh
        self._gap_ms = 0  # time left in which a new cable is not there yet
        self._held_open = False  # unlocked on command until the cable is out

    # -- what the world does ---------------------------------------------------------------------

    @property
    def plugged(self):
        return self.ev != "A"

    def plug(self, ev="C", current_a=32, phases=3, soc=None):
        """A cable and a car. `soc` in percent; without it the battery never gets full."""
        self.ev = ev
        self.current_ma = int(current_a * 1000)
        self.phases = phases
        self.fills = soc is not None
        self.soc_wms = int((soc if self.fills else 40) * _PERCENT_WMS)
        self.diode = True
        self._changed()

    def unplug(self, at_station=False):
        """The cable is out, and with it what was wrong with the pilot. A lock that is shut keeps
        the station's end in the socket until it opens. Returns False if the lock holds it."""
        if at_station and self.locked:
            return False
        if self.plugged:
            self._gap_ms = _GAP_MS
        self.ev = "A"
        self.pilot = None
        self.diode = True
        self._held_open = False
        self._changed()
        return True

    def set_ev(self, state=None, current_a=None, soc=None):
        """The car changes its mind. Without a car nothing happens."""
        if not self.plugged:
            return
        if state is not None:
            self.ev = state
            self.pilot = None
        if current_a is not None:
            self.current_ma = int(current_a * 1000)
        if soc is not None:
            self.fills = True
            self.soc_wms = int(soc * _PERCENT_WMS)
        self._changed()

    def set_pilot(self, state, diode):
        """`state`: None (whole), "E" or "F"; `diode`: False if the car's is missing."""
        self.pilot = state
        self.diode = diode
        self._changed()

    def set_fault(self, code, info="", vendor_id="", vendor_code=""):
        self.faults[code] = (info, vendor_id, vendor_code)
        self._changed()

    def clear_fault(self, code=None):
        if code is None:
            self.faults.clear()
        else:
            self.faults.pop(code, None)
        self._changed()

    def set_jam(self, jam):
        self.jam = jam
        if not jam:
            self.lock_failed = False
        self._changed()

    @property
    def register(self):
        """(Wh, watt milliseconds below one Wh)"""
        return self.energy_wh, self._rest_wms

    @register.setter
    def register(self, value):
        self.energy_wh, self._rest_wms = value

    # -- what the station sees -------------------------------------------------------------------

    @property
    def connected(self):
        """The pilot has found a car. However quick the hand, between two cars it sees none."""
        return self.plugged and not self._gap_ms

    @property
    def pilot_state(self):
        """State of the control pilot, "A" to "F"."""
        return self.pilot or self.ev

    @property
    def ev_ready(self):
        """The car asks for energy."""
        return self.ev in ("C", "D")

    @property
    def offering(self):
        """Energy is offered to the car: its contactor closes as soon as it asks."""
        if not (self.permit and self.connected and self.diode and self.pilot is None):
            return False
        if self.limit_ma is not None and self.limit_ma < _MIN_MA:
            return False
        for error in self.errors:
            if error[4]:
                return False
        return True

    @property
    def amps_ma(self):
        """int mA that flow on each phase in use."""
        if not self.relay:
            return 0
        offer = MAX_MA if self.limit_ma is None else min(self.limit_ma, MAX_MA)
        return min(offer, self.current_ma)

    @property
    def power_w(self):
        return VOLTAGE_V * self._phases * self.amps_ma // 1000

    @property
    def _phases(self):
        """Phases that are switched on and that the car uses."""
        return self.phases if self.limit_phases is None else min(self.phases, self.limit_phases)

    @property
    def soc(self):
        """State of charge in whole percent, None without a car."""
        return self.soc_wms // _PERCENT_WMS if self.plugged else None

    def phase_a(self, phase):
        """Current of phase 1, 2 or 3 in A."""
        return self.amps_ma / 1000 if phase <= self._phases else 0.0

    def measurands(self):
        """What the meter tells beside the register: (measurand, fn() -> number or None, unit,
        phase, location)."""
        yield "Power.Active.Import", lambda: self.power_w, "W", None, "Outlet"
        for phase in (1, 2, 3):
            yield "Current.Import", lambda n=phase: self.phase_a(n), "A", "L%d" % phase, "Outlet"
        for phase in (1, 2, 3):
            yield "Voltage", lambda: VOLTAGE_V, "V", "L%d-N" % phase, "Outlet"
        yield "Frequency", lambda: 50, None, None, "Outlet"
        yield "Temperature", lambda: 25 + self.power_w // 1000, "Celsius", None, "Body"
        yield "SoC", lambda: self.soc, "Percent", None, "EV"

    def view(self):
        """What is to be seen of it, as in the status."""
        return {
            "plugged": self.plugged,
            "ev": self.pilot_state,
            "relay": self.relay,
            "locked": self.locked,
            "power_w": self.power_w,
            "energy_wh": self.energy_wh,
            "faults": faults.names(self),
        }

    def simulated(self):
        """What of it is set from outside, for the web console."""
        return {
            "current_a": self.current_ma / 1000,
            "phases": self.phases,
            "soc": self.soc,
            "jam": self.jam,
            "diode": self.diode,
            "pilot": self.pilot,
            "occupied": self.occupied,
            "signed": self.signed,
        }

    def sign(self, context, id_token):
        """The register as the meter signs it, None: it does not now."""
        if not self.signed or not self.meter:
            return None
        path, serial, rtc = self.meter
        return _ocmf("sign", path, serial, rtc(), self.energy_wh, context, id_token)

    @property
    def public_key(self):
        """Of the meter, as it is printed on it; None if it can't sign."""
        return self.meter and _ocmf("public_key", self.meter[0])

    def unlock(self):
        """Open the cable lock now. Returns True if it is open."""
        if self.locked and self.jam:
            return False
        self.locked = False
        self._held_open = self.plugged
        return True

    # -- time ------------------------------------------------------------------------------------

    def step(self, ms):
        """`ms` milliseconds have gone by."""
        if self._gap_ms:
            self._gap_ms = max(0, self._gap_ms - ms)
        if self.relay:
            self._flow(ms)
        if self.has_lock:
            self._move_lock()
        self._contactor()

    def off(self):
        """No power for the station's controller: the contactor opens, the lock stays as it is."""
        self.permit = False
        self.limit_ma = self.limit_phases = None
        self.relay = False

    def restored(self):
        """The attributes were set from outside."""
        self._changed()

    def _changed(self):
        self.errors = faults.active(self)
        self._contactor()

    def _contactor(self):
        self.relay = self.offering and self.ev_ready

    def _flow(self, ms):
        energy = self.power_w * ms
        self._rest_wms += energy
        self.energy_wh += self._rest_wms // _WMS_PER_WH
        self._rest_wms %= _WMS_PER_WH
        self.soc_wms += energy
        if self.soc_wms >= 100 * _PERCENT_WMS and self.fills:
            self.soc_wms = 100 * _PERCENT_WMS
            self.ev = "B"
        elif self.soc_wms >= 99 * _PERCENT_WMS and not self.fills:
            self.soc_wms = 99 * _PERCENT_WMS

    def _move_lock(self):
        if not self.lock_wanted:
            self._held_open = False
        cable = self.plugged or self.locked
        wanted = self.lock_wanted and cable and not self._held_open
        if wanted == self.locked:
            return
        if not self.jam:
            self.locked = wanted
        elif wanted and not self.lock_failed:
            self.lock_failed = True
            self._changed()


def _ocmf(name, *arguments):
    """Have the meter's signing unit do something; its code is let go at once."""
    from sim import ocmf

    try:
        return getattr(ocmf, name)(*arguments)
    finally:
        del sys.modules["sim.ocmf"], sys.modules["sim"].ocmf
