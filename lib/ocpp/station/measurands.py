"""What OCPP can say of a measured value (OCPP 1.6 §7.31, §7.34, §7.30, §7.45). Loaded when
needed."""

NAMES = (
    "Current.Export,Current.Import,Current.Offered,"
    "Energy.Active.Export.Interval,Energy.Active.Export.Register,"
    "Energy.Active.Import.Interval,Energy.Active.Import.Register,"
    "Energy.Reactive.Export.Interval,Energy.Reactive.Export.Register,"
    "Energy.Reactive.Import.Interval,Energy.Reactive.Import.Register,"
    "Frequency,Power.Active.Export,Power.Active.Import,Power.Factor,Power.Offered,"
    "Power.Reactive.Export,Power.Reactive.Import,RPM,SoC,Temperature,Voltage"
)
PHASES = "L1,L2,L3,N,L1-N,L2-N,L3-N,L1-L2,L2-L3,L3-L1"
LOCATIONS = "Body,Cable,EV,Inlet,Outlet"
# What a transaction tells must be sayable in every version: the units of 1.6.
UNITS = "A,Celsius,Fahrenheit,K,Percent,V,VA,W,Wh,kVA,kW,kWh,kvar,kvarh,var,varh"

# Settings that list measurands: what the station can't measure is refused.
LISTS = (
    "MeterValuesSampledData",
    "MeterValuesAlignedData",
    "StopTxnSampledData",
    "StopTxnAlignedData",
    "SampledDataCtrlr.TxStartedMeasurands",
)
