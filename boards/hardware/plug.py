"""An outlet without a pilot, such as a switched socket."""

from evse.pilot import STEADY

from hardware.outlet import Outlet

# What the state machine is made to see of the pilot
_GONE_MV = const(12000)
_THERE_MV = const(9000)
_ASKS_MV = const(6000)


class Load(Outlet):
    """An outlet without a pilot: the load is there while somebody is authorized for it, and asks
    whenever it is offered current."""

    wanted = False  # somebody is authorized
    _duty = STEADY

    def sample(self):
        self.low_mv = -_GONE_MV
        if not self.wanted:
            self.high_mv = _GONE_MV
        else:
            self.high_mv = _THERE_MV if self._duty == STEADY else _ASKS_MV

    def pilot(self, duty):
        self._duty = duty
