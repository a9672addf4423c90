"""Every time and threshold of this package. docs/evse.md shows them, made from these lines by
tools/evse_diagram.py; write `NAME = const(number)  # what it is [where the number is from]`.

None was read in the standard: they come from open implementations (EVerest, WARP, SmartEVSE,
OpenEVSE, esp32-evse), named with their clause where these name it. "ours": chosen here.
"""

# Safety tick, ms
TICK_MS = const(10)  # period of the safety tick [ours: 3 looks fit well into 100 ms]
SAMPLES = const(3)  # looks that agree before a pilot state counts [esp32-evse PR 180]
DIODE_SAMPLES = const(10)  # looks without diode that open the contactor [WARP: 100 ms in C]
RESIDUAL_SAMPLES = const(5)  # looks at a residual current that count: 50 ms [WARP]
STALL_MS = const(1900)  # main loop silent this long: contactor open [ours: open within 2 s]
BACKUP_MS = const(7000)  # guard opens by itself after the offer ended [SmartEVSE co-processor]

# Pilot, mV
HYSTERESIS_MV = const(250)  # beyond an edge between two states [ours; WARP: 10 % of resistance]
DIODE_MV = const(-10000)  # negative peak at least this low, or the diode is missing [WARP]

# Course of charging, ms
STABLE_MS = const(500)  # car asks steadily before closing [SmartEVSE issue 40, WARP]
OPEN_MS = const(100)  # contactor open after the car left C or D [EVerest: table A.6, 8.1]
CLOSE_MS = const(3000)  # contactor closed after the car asks [EVerest: sequence 4]
WITHDRAW_MS = const(6000)  # car may go on after the offer ended [EVerest: sequence 10.2]
GONE_MS = const(250)  # no car steadily: it is gone, not a bouncing contact [OpenEVSE]
DWELL_MS = const(5000)  # contactor stays open before it closes again [WARP]
DUTY_DWELL_MS = const(5000)  # between two increases: time of a car to follow [common knowledge]
WAKE_AFTER_MS = const(90000)  # offered and not taken: wake the car [EVerest: A.5.3]
WAKE_OFF_MS = const(4000)  # pilot off to wake a car [EVerest: A.5.3]
SWITCH_MS = const(45000)  # contactor open before other phases are switched [WARP]
SWITCH_LOAD_MS = const(60000)  # the same if it opened under load [WARP]

# Supervision, ms
SETTLE_MS = const(250)  # a bad reading lasts this long before it counts [OpenEVSE]
WELD_MS = const(1000)  # after opening, no voltage behind the contactor [OpenEVSE]
CLOSED_MS = const(1000)  # after closing, voltage behind the contactor [OpenEVSE]
TEST_ON_MS = const(1000)  # RCM test pulse: fault seen within [WARP: X6 by 740 ms, TST <= 1.2 s]
TEST_OFF_MS = const(2100)  # after the test pulse, fault gone within [WARP: low by 2.1 s]
TEST_AGE_S = const(86400)  # RCM test repeated before the next offer [WARP: 24 h]
LOCK_MS = const(2000)  # a lock has moved [ours; SmartEVSE: pulse of 600 ms]
LOCK_TRIES = const(3)  # attempts to lock [ours]
OVER_MS = const(10000)  # car above its limit [ours: twice the 5 s in which it must follow]
METER_MS = const(30000)  # meter silent while charging [ours]
PROXIMITY_MS = const(1000)  # cable rating can't be told [ours]

SENSOR_MS = const(10000)  # a thermometer that had answered is silent [ours]
PILOT_FAULT_MS = const(250)  # E or F that lasts, no plug being drawn [OpenEVSE]
RESIDUAL_MS = const(50)  # residual current with the contactor open [WARP]

# Temperature, degrees Celsius
DERATE_C = const(65)  # less current from here on [ours; a board may set its own]
STOP_C = const(80)  # no current at all [ours; a board may set its own]
COOL_C = const(10)  # below `DERATE_C`: charging goes on after a stop [ours]
