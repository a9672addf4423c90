"""What a charging profile is inside the station: a list, as it is kept on flash. Its fields:"""

ID = const(0)
NUMBER = const(1)  # connector, 0: the station, or all connectors
PURPOSE = const(2)  # one of the four below
STACK = const(3)  # stack level, the highest that is valid prevails
KIND = const(4)  # "Absolute", "Recurring", "Relative"
CYCLE = const(5)  # s of a recurrence, 0: none
FROM = const(6)  # Unix s or None
TO = const(7)  # Unix s or None
START = const(8)  # Unix s or None
DURATION = const(9)  # s or None
UNIT = const(10)  # "A" or "W"
LEAST = const(11)  # minimum charging rate in tenths of the unit, or None
SET_AT = const(12)  # Unix s when it was installed, None: the time was not known
TX = const(13)  # local key of its transaction, or None
SEQ = const(14)  # rises with each installation: of two that exclude each other the later holds
PERIODS = const(
    15
)  # array: start in s, limit in tenths, phases, start, ...; `phases`: their number
# or 0, and 16 times the one to use, if one is named
SID = const(
    16
)  # id of the schedule; None: a protocol without, where place decides what replaces what
EXTRA = const(17)  # None, or a dict of what is only handed on: "tariff", "more" (schedules)
FIELDS = const(18)

STATION_MAX = "ChargingStationMaxProfile"
EXTERNAL = "ChargingStationExternalConstraints"
DEFAULT = "TxDefaultProfile"
TRANSACTION = "TxProfile"
