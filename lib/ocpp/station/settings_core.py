"""Settings, the first part: those of OCPP 1.6 Core. See `settings_table`."""

TABLE = (
    # -- Core (OCPP 1.6 §9.1) --
    # Offline, an identifier that is in no list and no cache may charge.
    "AllowOfflineTxForUnknownId|AuthCtrlr.OfflineTxForUnknownIdEnabled|bool||false||rw|",
    # Remember what the CSMS said of identifiers.
    "AuthorizationCacheEnabled|AuthCacheCtrlr.Enabled|bool||true||rw|",
    # A remote start asks the CSMS about its identifier first.
    "AuthorizeRemoteTxRequests|AuthCtrlr.AuthorizeRemoteStart|bool||false||rw|lazy",
    # How often the light blinks to signal something.
    "BlinkRepeat||int|times|3|0..100|rw|lazy",
    # Clock-aligned meter values every so often, counted from midnight UTC; 0: none.
    "ClockAlignedDataInterval|AlignedDataCtrlr.Interval|int|s|0|0..86400|rw|",
    # How long an authorization waits for the cable, or a cable for an authorization.
    "ConnectionTimeOut|TxCtrlr.EVConnectionTimeOut|int|s|60|0..|rw|",
    # How each connector's phases are wired, as `1.RST`; 0 is the main meter.
    "ConnectorPhaseRotation||rotation||0.Unknown,1.Unknown||rw|",
    # Items that fit into ConnectorPhaseRotation.
    "ConnectorPhaseRotationMaxLength||int||16||r|lazy",
    # Keys one GetConfiguration may ask for.
    "GetConfigurationMaxKeys||int||50|1..|r|lazy",
    # A heartbeat is sent after that long without another message; 0: one a day.
    "HeartbeatInterval|OCPPCommCtrlr.HeartbeatInterval|int|s|300|0..|rw|",
    # Brightness of the light.
    "LightIntensity||int|%|100|0..100|rw|lazy",
    # Offline, identifiers known to the station may charge.
    "LocalAuthorizeOffline|AuthCtrlr.LocalAuthorizeOffline|bool||true||rw|",
    # Online, identifiers known to the station charge without asking the CSMS.
    "LocalPreAuthorize|AuthCtrlr.LocalPreAuthorize|bool||false||rw|",
    # Energy an EV may still draw after its identifier was found invalid.
    "MaxEnergyOnInvalidId|TxCtrlr.MaxEnergyOnInvalidId|int|Wh|0|0..|rw|",
    # Seconds to wait for an answer of the CSMS (errata 3.83).
    "MessageTimeout|OCPPCommCtrlr.MessageTimeout[Default]|int|s|30|1..600|rw|fixed2",
    # What clock-aligned meter values contain.
    (
        "MeterValuesAlignedData|AlignedDataCtrlr.Measurands|measurands||"
        "Energy.Active.Import.Register,Power.Active.Import||rw|"
    ),
    # Items that fit into MeterValuesAlignedData.
    "MeterValuesAlignedDataMaxLength||int||24||r|lazy",
    # What the meter values during a transaction contain.
    (
        "MeterValuesSampledData|SampledDataCtrlr.TxUpdatedMeasurands|measurands||"
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered||rw|"
    ),
    # Items that fit into MeterValuesSampledData.
    "MeterValuesSampledDataMaxLength||int||24||r|lazy",
    # Meter values every so often during a transaction; 0: none.
    "MeterValueSampleInterval|SampledDataCtrlr.TxUpdatedInterval|int|s|60|0..|rw|",
    # A status is reported once it has lasted that long.
    "MinimumStatusDuration|OCPPCommCtrlr.MinimumStatusDuration|int|s|0|0..|rw|",
    # Connectors the station has.
    "NumberOfConnectors||int||1|1..|r|",
    # How often a failed reset is tried again.
    "ResetRetries|OCPPCommCtrlr.ResetRetries|int|times|2|0..10|rw|lazy",
    # Unplugging at the EV ends the transaction; false: it is only suspended.
    "StopTransactionOnEVSideDisconnect|TxCtrlr.StopTxOnEVSideDisconnect|bool||true||rw|",
    # End a transaction whose identifier is found invalid; false: only stop the energy.
    "StopTransactionOnInvalidId|TxCtrlr.StopTxOnInvalidId|bool||true||rw|",
    # Meter values the end of a transaction may carry; more are thinned out (errata, 9.1.23).
    "StopTransactionMaxMeterValues||int||10|2..|r|",
    # What the end of a transaction tells of each clock-aligned interval.
    "StopTxnAlignedData|AlignedDataCtrlr.TxEndedMeasurands|measurands||||rw|",
    # Items that fit into StopTxnAlignedData.
    "StopTxnAlignedDataMaxLength||int||24||r|lazy",
    # What the end of a transaction tells of each sample interval.
    "StopTxnSampledData|SampledDataCtrlr.TxEndedMeasurands|measurands||||rw|",
    # Items that fit into StopTxnSampledData.
    "StopTxnSampledDataMaxLength||int||24||r|lazy",
    # Feature profiles of OCPP 1.6 the station has.
    (
        "SupportedFeatureProfiles||csl||Core,FirmwareManagement,LocalAuthListManagement,"
        "Reservation,SmartCharging,RemoteTrigger|"
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
        "|r|lazy"
    ),
    # Items that fit into SupportedFeatureProfiles.
    "SupportedFeatureProfilesMaxLength||int||6||r|lazy",
    # How often a transaction message the CSMS can't process is sent.
    "TransactionMessageAttempts|OCPPCommCtrlr.MessageAttempts[TransactionEvent]|int|times|3|1..|rw|",
    # Pause before it is sent again, times the attempts so far.
    (
        "TransactionMessageRetryInterval|OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]"
        "|int|s|60|0..|rw|"
    ),
    # Unplugging at the EV releases the cable lock of the station.
    "UnlockConnectorOnEVSideDisconnect|OCPPCommCtrlr.UnlockOnEVSideDisconnect|bool||true||rw|",
    # A WebSocket ping every so often; 0: none.
    "WebSocketPingInterval|OCPPCommCtrlr.WebSocketPingInterval|int|s|30|0..|rw|",
)
