"""Every setting of the station, one line each, under the line that says what it does.

    1.6 name|Component.Variable|type|unit|default|limits|access|flags

Either name may be missing, not both. Names read as on the wire; a variable may carry instances,
`Component[instance].Variable[instance]`. `docs/settings.md` is made from this file.

type     bool; int; decimal; str; enum (one of); csl (comma separated list); measurands and
         rotation: lists with rules of their own; seq: a list whose order counts
default  `-`: the setting is absent until somebody gives it a value
limits   int, decimal: `least..most`, either may be missing; str: number of characters,
         likewise; enum, csl, seq: the members, csl without: any. A list NAME holds at most
         NAMEMaxLength items.
access   rw; r: the CSMS may only read it; w: nobody may read it
flags    reboot  a change counts after the next start
         rise    the CSMS may only raise it
         guard   a change by the CSMS needs a validator to agree, without one it is refused
         lazy    seldom read: not kept in memory while it has its default
         fixed2  in 2.x the CSMS may only read it
         live    in 2.x its variable tells something else of the same thing

The table is in parts, in the order of `settings_rows.PARTS`: each is imported when definitions are
needed, and let go before the next one where all are gone through.
"""

TABLE = (
    # -- OCPP 2.x only --
    # False: whoever comes may charge, nobody is asked.
    "|AuthCtrlr.Enabled|bool||true||rw|",
    # The CSMS is not asked about identifiers: the list and the cache decide.
    "|AuthCtrlr.DisableRemoteAuthorization|bool||false||rw|",
    # Identifiers of this group end all transactions, and begin none.
    "|AuthCtrlr.MasterPassGroupId|str||-|..36|rw|lazy",
    # Further identifiers that go with one.
    "|AuthCtrlr.AdditionalInfoItemsPerMessage|int||4|1..|r|lazy",
    # Identifiers known as not valid are refused without asking the CSMS.
    "|AuthCacheCtrlr.DisablePostAuthorize|bool||false||rw|lazy",
    # How long an identifier is remembered after its last use.
    "|AuthCacheCtrlr.LifeTime|int|s|-|1..|rw|",
    # Which identifier makes room for another.
    "|AuthCacheCtrlr.Policy|enum||LRU|LRU|r|lazy",
    # Transactions may begin before the CSMS has accepted the station.
    "|TxCtrlr.TxBeforeAcceptedEnabled|bool||true||rw|",
    # Which of these events, happening first, starts a transaction.
    (
        "|TxCtrlr.TxStartPoint|csl||PowerPathClosed|ParkingBayOccupancy,EVConnected,Authorized,"
        "DataSigned,PowerPathClosed,EnergyTransfer|rw|lazy"
    ),
    # Which of these, ceasing to hold, ends it.
    (
        "|TxCtrlr.TxStopPoint|csl||EVConnected,Authorized|ParkingBayOccupancy,EVConnected,Authorized,"
        "DataSigned,PowerPathClosed,EnergyTransfer|rw|lazy"
    ),
    # There are clock-aligned meter values.
    "|AlignedDataCtrlr.Enabled|bool||true||rw|",
    # None while a transaction runs.
    "|AlignedDataCtrlr.SendDuringIdle|bool||false||rw|",
    # Interval of those that the end of a transaction tells; 0: none.
    "|AlignedDataCtrlr.TxEndedInterval|int|s|0|0..86400|rw|",
    # Interval of the samples that the end of a transaction tells; 0: start and end only.
    "|SampledDataCtrlr.TxEndedInterval|int|s|0|0..|rw|",
    # Meter values are sampled during transactions.
    "|SampledDataCtrlr.Enabled|bool||true||rw|",
    # What the start of a transaction tells.
    "|SampledDataCtrlr.TxStartedMeasurands|measurands||Energy.Active.Import.Register||rw|lazy",
    # -- Device model (OCPP 2.0.1 B, N) --
    # Variables that one message may ask for, set or report.
    "|DeviceDataCtrlr.ItemsPerMessage[GetVariables]|int||32|1..|r|lazy",
    "|DeviceDataCtrlr.ItemsPerMessage[SetVariables]|int||32|1..|r|lazy",
    "|DeviceDataCtrlr.ItemsPerMessage[GetReport]|int||32|1..|r|lazy",
    # Bytes that such a message may have.
    "|DeviceDataCtrlr.BytesPerMessage[GetVariables]|int|B|8192|1..|r|lazy",
    "|DeviceDataCtrlr.BytesPerMessage[SetVariables]|int|B|8192|1..|r|lazy",
    "|DeviceDataCtrlr.BytesPerMessage[GetReport]|int|B|8192|1..|r|lazy",
    # Variables are watched, and events told.
    "|MonitoringCtrlr.Enabled|bool||true||rw|",
    # Monitors that one message may set or clear.
    "|MonitoringCtrlr.ItemsPerMessage[SetVariableMonitoring]|int||16|1..|r|lazy",
    "|MonitoringCtrlr.ItemsPerMessage[ClearVariableMonitoring]|int||32|1..|r|lazy",
    # Bytes that such a message may have.
    "|MonitoringCtrlr.BytesPerMessage[SetVariableMonitoring]|int|B|8192|1..|r|lazy",
    "|MonitoringCtrlr.BytesPerMessage[ClearVariableMonitoring]|int|B|8192|1..|r|lazy",
    # Events of this severity and graver ones are kept while offline; 0 is the gravest.
    "|MonitoringCtrlr.OfflineQueuingSeverity|int||4|0..9|rw|lazy",
    # Pause before a certificate that did not come is asked for again; doubled each time.
    "CertSigningWaitMinimum|SecurityCtrlr.CertSigningWaitMinimum|int|s|60|1..|rw|lazy",
    # How often that pause is doubled.
    "CertSigningRepeatTimes|SecurityCtrlr.CertSigningRepeatTimes|int|times|3|0..20|rw|lazy",
    # Where the station has its time from.
    "|ClockCtrlr.TimeSource|seq||Heartbeat|Heartbeat|rw|lazy",
    # What the plugs are: a ConnectorEnumType.
    "|Connector.ConnectorType|str||sType2|1..20|r|live",
    # After that long offline the states of all connectors are told.
    "|OCPPCommCtrlr.OfflineThreshold|int|s|60|0..|rw|lazy",
    # Slots of network profiles to be tried, in this order.
    "|OCPPCommCtrlr.NetworkConfigurationPriority|seq||1|1,2,3,4|rw|lazy reboot",
    # Dials that may fail before the next slot has its turn.
    "|OCPPCommCtrlr.NetworkProfileConnectionAttempts|int|times|3|1..100|rw|lazy",
    # -- Display messages (OCPP 2.0.1 O) --
    # Messages of the CSMS are shown.
    "|DisplayMessageCtrlr.Enabled|bool||true||rw|lazy",
    # Forms of them that the display can show.
    "|DisplayMessageCtrlr.SupportedFormats|csl||ASCII,UTF8|ASCII,HTML,URI,UTF8|r|lazy",
    # Priorities of them.
    (
        "|DisplayMessageCtrlr.SupportedPriorities|csl||AlwaysFront,InFront,NormalCycle"
        "|AlwaysFront,InFront,NormalCycle|r|lazy"
    ),
    # States of the station that they can be bound to.
    (
        "|DisplayMessageCtrlr.SupportedStates|csl||Charging,Faulted,Idle,Unavailable"
        "|Charging,Faulted,Idle,Unavailable|r|lazy"
    ),
    # Characters of a personal message.
    "|DisplayMessageCtrlr.PersonalMessageSize|int||512|0..|r|lazy",
    # -- This station's own --
    # How long an authorization request waits for the CSMS before the offline rules decide.
    "AuthorizationTimeout|CustomizationCtrlr.AuthorizationTimeout|int|s|20|1..600|rw|",
    # How long the composite schedules handed to the host are.
    "CompositeScheduleDuration|CustomizationCtrlr.CompositeScheduleDuration|int|s|600|60..604800|rw|",
    # They are handed over that often, and at every change; 0: only then.
    "CompositeScheduleInterval|CustomizationCtrlr.CompositeScheduleInterval|int|s|30|0..86400|rw|",
    # Their unit.
    "CompositeScheduleUnit|CustomizationCtrlr.CompositeScheduleUnit|enum||A|A,W|rw|",
    # What the hardware of each connector can carry, per phase.
    "ConnectorMaxCurrent|CustomizationCtrlr.ConnectorMaxCurrent|int|A|32|1..2000|rw|",
    # Below that an EV can't charge (IEC 61851-1): charging pauses.
    "MinChargingCurrent|CustomizationCtrlr.MinChargingCurrent|int|A|6|0..100|rw|",
    # Time zone whose time recurring charging schedules keep, as POSIX TZ text; empty: UTC.
    "ScheduleTimeZone|CustomizationCtrlr.ScheduleTimeZone|str|||..100|rw|",
    # Phases of the supply.
    "SupplyPhases|CustomizationCtrlr.SupplyPhases|int||3|1..3|rw|",
    # Voltage of the supply between a phase and neutral, which makes A of W.
    "SupplyVoltage|CustomizationCtrlr.SupplyVoltage|int|V|230|50..1000|rw|",
    # Charge without an identifier, or with FreeVendIdTag.
    "FreeVend|CustomizationCtrlr.FreeVend|bool||false||rw|",
    # Identifier of sessions under FreeVend: "plug and charge" on one account.
    "FreeVendIdTag|CustomizationCtrlr.FreeVendIdTag|str|||..20|rw|",
    # Plug and charge with a fixed tag: every car plugged in is authorized as this identifier.
    "PlugAndChargeIdTag|CustomizationCtrlr.PlugAndChargeIdTag|str||-|1..20|rw|",
    # What becomes of a transaction the power cut interrupted.
    "OnPowerLoss|CustomizationCtrlr.OnPowerLoss|enum||stop|stop,resume|rw|",
)
