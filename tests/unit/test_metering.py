import micropython
from support import FakeClock

from ocpp.station.metering import Metering
from ocpp.station.samples import full, number, parse
from ocpp.station.settings import Settings

NOON = 1795262400  # 2026-11-21T12:00:00Z
LISTS = (
    "MeterValuesSampledData",
    "MeterValuesAlignedData",
    "StopTxnSampledData",
    "StopTxnAlignedData",
)


class Store:
    def load(self, name):
        return None

    def save(self, name, value):
        return True


class Tx:
    def __init__(self, wh):
        self.start_wh = wh
        self.last_wh = wh


class Connector:
    def __init__(self, id):
        self.id = id
        self.tx = None
        self.wh = 1000
        self.measures = []
        self.sign = None
        self.limit_ma = None
        self.charging_permitted = False

    def read_energy(self):
        return self.wh

    def measure(self, measurand, fn, unit=None, phase=None, location="Outlet"):
        self.measures.append((measurand, phase, unit, location, fn))


class Words:
    tracks_states = False


class Station:
    dialect = Words()

    def __init__(self, unix=None, connectors=1):
        self.clock = FakeClock(unix=unix)
        self.settings = Settings(Store())
        self.connectors = [Connector(n + 1) for n in range(connectors)]
        self.got = []  # (connector id, context, samples, time)

    def stamp(self):
        unix = self.clock.unix()
        return (1, self.clock.uptime()) if unix is None else unix

    def on_samples(self, connector, context, samples, stamp):
        at = self.stamp() if stamp is None else stamp
        self.got.append((connector.id, context, samples, at))


def make(unix=NOON, connectors=1, **settings):
    station = Station(unix, connectors)
    for name in LISTS:
        station.settings.adopt(name, "Energy.Active.Import.Register" if name[0] == "M" else "")
    for name, value in settings.items():
        station.settings.adopt(name, value)
    metering = Metering(station)
    for name in LISTS + ("SampledDataCtrlr.TxStartedMeasurands",):
        station.settings.validators[name] = metering.check
    return station, metering, station.connectors[0]


def start(metering, connector):
    connector.tx = Tx(connector.wh)
    connector.charging_permitted = True
    metering.begin(connector)


def run(station, metering, seconds, connector=None):
    for _ in range(seconds):
        station.clock.advance(1000)
        if connector:
            metering.step(connector)
        for _ in station.connectors:
            metering.step_aligned()
        metering.step_aligned()


def three_phases(connector):
    for n in ("L1", "L2", "L3"):
        connector.measure("Current.Import", lambda: 16.0, phase=n)
        connector.measure("Voltage", lambda: 230.25, phase=n + "-N")
    connector.measure("Power.Active.Import", lambda: 11040)


def test_numbers():
    for value, text in (
        (0, "0"),
        (-5, "-5"),
        (123456789012, "123456789012"),
        (16.0, "16"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (9.9996, "10"),
        (-0.0001, "0"),
        (0.98765, "0.988"),
        (230.256, "230.26"),
        (11040.04, "11040"),
        (12345.678, "12345.7"),
        (1e8, "100000000"),
        (None, None),
        (float("inf"), None),
        (-float("inf"), None),
        (float("nan"), None),
        (1e30, None),
    ):
        assert number(value) == text, (value, number(value))


def test_lists():
    assert parse("") == []
    assert parse("Voltage.L1, Current.Import,Power.Active.Import.L1-N,Voltage.L4") == [
        ("Voltage", "L1"),
        ("Current.Import", None),
        ("Power.Active.Import", "L1-N"),
        ("Voltage.L4", None),
    ]


def test_energy_is_the_default_sample():
    _, metering, connector = make()
    connector.wh = 16777217  # more than a 32-bit float can tell
    samples = metering.samples(connector, "Energy.Active.Import.Register", "Sample.Periodic")
    assert samples == [("16777217", None, None, None, None, None)]
    assert full(samples[0]) == (
        "16777217",
        "Sample.Periodic",
        "Energy.Active.Import.Register",
        None,
        "Outlet",
        "Wh",
    )
    connector.wh = None
    assert metering.samples(connector, "Energy.Active.Import.Register", "Trigger") == []


def test_all_phases_or_one():
    _, metering, connector = make()
    three_phases(connector)
    found = metering.samples(connector, "Current.Import", "Trigger")
    assert found == [("16", "Trigger", "Current.Import", p, None, "A") for p in ("L1", "L2", "L3")]
    found = metering.samples(connector, "Voltage.L2", "Trigger")
    assert found == [("230.25", "Trigger", "Voltage", "L2-N", None, "V")]
    assert metering.samples(connector, "Current.Import.N,Power.Active.Import.L1", "Trigger") == []
    assert metering.samples(connector, parse("Power.Active.Import"), "Other") == [
        ("11040", "Other", "Power.Active.Import", None, None, "W")
    ]


def test_energy_stays_unphased_where_phases_are_declared():
    _, metering, connector = make()
    connector.measure("Energy.Active.Import.Register", lambda: 400, phase="L1")
    connector.measure("Energy.Active.Import.Register", lambda: 999)  # the register is the input
    found = metering.samples(connector, "Energy.Active.Import.Register", "Trigger")
    assert [(s[0], s[3]) for s in found] == [("1000", None), ("400", "L1")]
    found = metering.samples(connector, "Energy.Active.Import.Register.L1", "Trigger")
    assert [(s[0], s[3]) for s in found] == [("400", "L1")]


def test_units_and_locations():
    _, metering, connector = make()
    for name, unit in (
        ("Frequency", None),
        ("Power.Factor", None),
        ("RPM", None),
        ("SoC", "Percent"),
        ("Temperature", "Celsius"),
        ("Power.Reactive.Import", "var"),
        ("Power.Offered", "W"),
        ("Energy.Reactive.Import.Register", "varh"),
        ("Energy.Active.Export.Register", "Wh"),
    ):
        connector.measure(name, lambda: 1, location="Inlet")
        assert metering.samples(connector, name, "Trigger") == [
            ("1", "Trigger", name, None, "Inlet", unit)
        ]
    connector.measure("Current.Export", lambda: 1, unit="mA")
    assert metering.samples(connector, "Current.Export", "Trigger")[0][5] == "mA"


def test_unavailable_and_failing_measurands_are_left_out():
    _, metering, connector = make()

    def fails():
        raise OSError(5)

    connector.measure("Voltage", lambda: None)
    connector.measure("SoC", lambda: float("nan"))
    connector.measure("Temperature", fails)
    assert metering.samples(connector, "Voltage,SoC,Temperature,Frequency", "Trigger") == []


def test_current_offered():
    _, metering, connector = make()

    def offered():
        return [s[0] for s in metering.samples(connector, "Current.Offered", "Trigger")]

    connector.limit_ma = 16000
    assert offered() == ["0"]  # nobody may charge
    connector.charging_permitted = True
    assert offered() == ["16"]
    connector.limit_ma = 10500
    assert offered() == ["10.5"]
    connector.limit_ma = None
    assert offered() == []
    connector.measure("Current.Offered", lambda: 32)
    assert offered() == ["32"]


def test_what_cannot_be_measured_is_rejected():
    station, _, connector = make()
    three_phases(connector)
    for name in LISTS + ("SampledDataCtrlr.TxStartedMeasurands",):
        before = station.settings.get(name)
        for bad in ("SoC", "Voltage,SoC", "Voltage.N", "Current.Import.L1-L2"):
            assert station.settings.change(name, bad) == "Rejected", bad
        assert station.settings.get(name) == before
        for good in ("voltage.l1-n", "Voltage.L1,Current.Import", "Current.Offered", ""):
            assert station.settings.change(name, good) == "Accepted", good


def test_trim():
    station, metering, connector = make(
        MeterValuesSampledData="SoC,Voltage,Current.Offered,Voltage.L1"
    )
    three_phases(connector)
    metering.trim(LISTS)
    assert station.settings.get("MeterValuesSampledData") == "Voltage,Current.Offered,Voltage.L1"


def test_periodic_samples():
    station, metering, connector = make(MeterValueSampleInterval=10)
    start(metering, connector)
    run(station, metering, 35, connector)
    assert [g[3] - NOON for g in station.got] == [10, 20, 30]
    assert station.got[0][:3] == (1, "Sample.Periodic", [("1000", None, None, None, None, None)])
    assert metering.end(connector) == []


def test_periodic_samples_do_not_drift_or_pile_up():
    station, metering, connector = make(MeterValueSampleInterval=10)
    start(metering, connector)
    station.clock.advance(34500)  # a long stall
    metering.step(connector)
    metering.step(connector)
    assert len(station.got) == 1
    run(station, metering, 10, connector)
    assert [g[3] - NOON for g in station.got] == [34, 40]


def test_interval_changes_at_once():
    station, metering, connector = make(MeterValueSampleInterval=0)
    start(metering, connector)
    run(station, metering, 100, connector)
    assert station.got == []
    station.settings.change("MeterValueSampleInterval", "5")
    run(station, metering, 11, connector)
    assert len(station.got) == 2
    station.settings.change("MeterValueSampleInterval", "0")
    run(station, metering, 100, connector)
    assert len(station.got) == 2


def test_nothing_measured_nothing_told():
    station, metering, connector = make(MeterValueSampleInterval=5)
    connector.measure("SoC", lambda: None)
    station.settings.adopt("MeterValuesSampledData", "SoC")
    start(metering, connector)
    run(station, metering, 20, connector)
    station.settings.adopt("MeterValuesSampledData", "")
    run(station, metering, 20, connector)
    assert station.got == []


def test_energy_never_goes_back_during_a_transaction():
    station, metering, connector = make(MeterValueSampleInterval=5)
    start(metering, connector)
    for wh in (1010, 1005, 1020):
        connector.wh = wh
        run(station, metering, 5, connector)
    assert [g[2][0][0] for g in station.got] == ["1010", "1010", "1020"]
    assert connector.tx.last_wh == 1020  # what was told is what the end can't fall below


def test_clock_aligned():
    station, metering, _ = make(NOON - 7, connectors=2, ClockAlignedDataInterval=900)
    run(station, metering, 1900)
    assert [(g[0], g[1]) for g in station.got] == [(1, "Sample.Clock"), (2, "Sample.Clock")] * 3
    assert [g[3] - NOON for g in station.got] == [0, 0, 900, 900, 1800, 1800]
    assert station.got[0][2] == [("1000", "Sample.Clock", None, None, None, None)]


def test_clock_aligned_from_midnight_also_with_odd_intervals():
    midnight = NOON + 43200
    station, metering, _ = make(midnight - 30, ClockAlignedDataInterval=50000)
    run(station, metering, 60)
    assert [g[3] for g in station.got] == [midnight]
    station.got.clear()
    station.clock.advance(49900000)
    run(station, metering, 100)
    assert [g[3] - midnight for g in station.got] == [50000]


def test_clock_aligned_waits_for_the_time():
    station, metering, _ = make(None, ClockAlignedDataInterval=60)
    run(station, metering, 200)
    assert station.got == []
    station.clock.set_unix(NOON - 5)
    run(station, metering, 10)
    assert [g[3] for g in station.got] == [NOON]


def test_clock_aligned_when_the_clock_is_set():
    station, metering, _ = make(NOON - 5, ClockAlignedDataInterval=60)
    run(station, metering, 5)
    station.clock.set_unix(NOON - 2)  # back: the same boundary does not count twice
    run(station, metering, 10)
    assert [g[3] - NOON for g in station.got] == [0]
    run(station, metering, 45)
    station.clock.set_unix(NOON + 62)  # a little forward, over a boundary: made up for
    run(station, metering, 10)
    assert len(station.got) == 2 and 60 <= station.got[1][3] - NOON <= 63, station.got
    station.clock.set_unix(NOON + 3600 + 30)  # far forward: what lies between is not
    run(station, metering, 20)
    assert len(station.got) == 2
    run(station, metering, 10)
    assert station.got[-1][3] - NOON == 3660
    station.clock.set_unix(NOON - 3605)  # far back
    run(station, metering, 10)
    assert station.got[-1][3] - NOON == -3600 and len(station.got) == 4


def test_clock_aligned_after_a_stall_is_not_repeated():
    station, metering, _ = make(NOON + 1, ClockAlignedDataInterval=60)
    metering.step_aligned()
    station.clock.advance(500000)
    run(station, metering, 1)
    assert len(station.got) == 1
    run(station, metering, 60)
    assert len(station.got) == 2 and station.got[1][3] % 60 == 0


def test_clock_aligned_interval_changes_at_once():
    station, metering, _ = make(NOON + 1, ClockAlignedDataInterval=0)
    run(station, metering, 100)
    station.settings.change("ClockAlignedDataInterval", "30")
    run(station, metering, 60)
    assert [g[3] - NOON for g in station.got] == [120, 150]
    station.settings.change("ClockAlignedDataInterval", "0")
    run(station, metering, 60)
    assert len(station.got) == 2


def test_end_of_transaction_tells_what_was_collected():
    station, metering, connector = make(
        MeterValueSampleInterval=10, StopTxnSampledData="Energy.Active.Import.Register,Voltage.L1"
    )
    three_phases(connector)
    start(metering, connector)
    for _ in range(25):
        connector.wh += 1
        run(station, metering, 1, connector)
    connector.wh = 1050
    connector.tx.last_wh = 1049  # the stop was measured before: both must tell the same
    values = metering.end(connector)
    assert [(stamp - NOON, s[0][0], s[0][1], s[1][0], s[1][3]) for stamp, s in values] == [
        (0, "1000", "Transaction.Begin", "230.25", "L1-N"),
        (10, "1010", None, "230.25", "L1-N"),
        (20, "1020", None, "230.25", "L1-N"),
        (25, "1049", "Transaction.End", "230.25", "L1-N"),
    ], values


def test_end_of_transaction_tells_aligned_values():
    station, metering, connector = make(
        NOON - 5, ClockAlignedDataInterval=60, StopTxnAlignedData="Energy.Active.Import.Register"
    )
    start(metering, connector)
    run(station, metering, 10, connector)
    values = metering.end(connector)
    assert [(stamp - NOON, s[0][1]) for stamp, s in values] == [
        (-5, "Transaction.Begin"),
        (0, "Sample.Clock"),
        (5, "Transaction.End"),
    ]
    run(station, metering, 60)
    start(metering, connector)
    assert len(metering.end(connector)) == 2  # nothing is left of the one before


def test_end_of_transaction_tells_nothing_if_not_asked():
    station, metering, connector = make(
        MeterValueSampleInterval=5, StopTxnSampledData="Energy.Active.Import.Register"
    )
    start(metering, connector)
    run(station, metering, 20, connector)
    station.settings.adopt("StopTxnSampledData", "")
    assert metering.end(connector) == []  # OCPP 1.6 §3.16.5


def test_long_transactions_are_thinned_evenly():
    station, metering, connector = make(
        MeterValueSampleInterval=10, StopTxnSampledData="Energy.Active.Import.Register"
    )
    most = station.settings.get("StopTransactionMaxMeterValues")
    start(metering, connector)
    for n in range(1, 500):
        run(station, metering, 10, connector)
        assert len(metering._running[1].entries) <= most - 2
        if n in (8, 9, 100, 499):
            middle = [stamp - NOON for stamp, _ in metering._running[1].entries]
            steps = [b - a for a, b in zip([0] + middle, middle)]
            assert len(middle) >= (most - 2) // 2 and len(set(steps)) == 1, (n, middle)
    values = metering.end(connector)
    assert len(values) <= most
    assert values[0][0] == NOON and values[-1][0] == NOON + 4990  # never dropped


def test_a_resumed_transaction_has_no_second_begin():
    station, metering, connector = make(
        MeterValueSampleInterval=10, StopTxnSampledData="Energy.Active.Import.Register"
    )
    connector.tx = Tx(500)
    metering.begin(connector, resumed=True)
    run(station, metering, 10, connector)
    assert [s[0][1] for _, s in metering.end(connector)] == [None, "Transaction.End"]


def test_nothing_due_allocates_nothing():
    station, metering, connector = make(
        MeterValueSampleInterval=3600, ClockAlignedDataInterval=86400
    )
    start(metering, connector)
    run(station, metering, 1, connector)
    micropython.heap_lock()
    try:
        for _ in range(100):
            metering.step(connector)
            metering.step_aligned()
    finally:
        micropython.heap_unlock()
    assert station.got == []
