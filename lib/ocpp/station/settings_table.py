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

This module is imported when definitions are needed and let go afterwards.
"""

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
    "ConnectorPhaseRotation||rotation||0.Unknown,1.Unknown||rw|lazy",
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
    # -- Local authorization list (OCPP 1.6 §9.2) --
    # The local authorization list counts, and can be read and sent.
    "LocalAuthListEnabled|LocalAuthListCtrlr.Enabled|bool||true||rw|",
    # Identifiers that fit into the local authorization list.
    "LocalAuthListMaxLength||int||5000|1..|r|",
    # Identifiers that one SendLocalList may carry.
    "SendLocalListMaxLength|LocalAuthListCtrlr.ItemsPerMessage|int||50|1..|r|",
    # -- Reservation (OCPP 1.6 §9.3) --
    # A reservation may leave open which connector it is for.
    "ReserveConnectorZeroSupported|ReservationCtrlr.NonEvseSpecific|bool||true||r|",
    # The station takes reservations.
    "ReservationEnabled|ReservationCtrlr.Enabled|bool||true||rw|",
    # -- Firmware management (OCPP 1.6 §9.5) --
    # Protocols files are transferred with.
    "SupportedFileTransferProtocols|OCPPCommCtrlr.FileTransferProtocols|csl||HTTP,HTTPS,FTP,FTPS|FTP,FTPS,HTTP,HTTPS,SFTP|r|lazy",
    # New firmware is started at once, though that ends transactions.
    "FirmwareInstallAtOnce|CustomizationCtrlr.FirmwareInstallAtOnce|bool||false||rw|lazy",
    # New firmware the CSMS has not accepted by then is replaced by the old one.
    "FirmwareTrialTime|CustomizationCtrlr.FirmwareTrialTime|int|s|600|60..86400|rw|lazy",
    # Sessions may begin while an update waits for the transactions to end (L01.FR.07).
    "|ChargingStation.AllowNewSessionsPendingFirmwareUpdate|bool||false||rw|lazy",
    # UpdateFirmware is obeyed; false: only SignedUpdateFirmware is (whitepaper L01.FR.20).
    "UnsignedFirmwareAllowed|CustomizationCtrlr.UnsignedFirmwareAllowed|bool||true||rw|lazy",
    # -- Security (OCPP 1.6 security whitepaper, ed. 3, §7) --
    # Only one root certificate of the CSMS at a time; a new one must be signed by the old one.
    "AdditionalRootCertificateCheck|SecurityCtrlr.AdditionalRootCertificateCheck|bool||false||r|lazy",
    # Password for HTTP basic authentication; 32 to 40 hexadecimal digits stand for 16 to 20 bytes.
    "AuthorizationKey|SecurityCtrlr.BasicAuthPassword|str||-|16..40|w|",
    # Longest CertificateSigned this station takes.
    "CertificateSignedMaxChainSize|SecurityCtrlr.MaxCertificateChainSize|int|characters|7500|0..10000|r|lazy",
    # Root certificates that fit into the store.
    "CertificateStoreMaxLength||int||8|1..|r|lazy",
    # Name of the operator, put into certificate requests.
    "CpoName|SecurityCtrlr.OrganizationName|str||-|1..64|rw|lazy",
    # Security events are written to the security log only.
    "DisableSecurityEventNotifications|CustomizationCtrlr.DisableSecurityEventNotifications|bool||false||rw|lazy",
    # 0 none, 1 basic authentication, 2 with TLS, 3 TLS with a client certificate.
    "SecurityProfile|SecurityCtrlr.SecurityProfile|int||0|0..3|rw|rise guard fixed2",
    # -- Smart charging (OCPP 1.6 §9.4) --
    # Highest stack level of a charging profile.
    "ChargeProfileMaxStackLevel|SmartChargingCtrlr.ProfileStackLevel|int||99|0..|r|",
    # The hardware can choose the phase that charging on one phase uses.
    "|SmartChargingCtrlr.ACPhaseSwitchingSupported|bool||false||r|lazy",
    # Current: profiles in A are taken, Power: those in W.
    "ChargingScheduleAllowedChargingRateUnit||csl||Current,Power|Current,Power|r|",
    # Periods a charging schedule may have.
    "ChargingScheduleMaxPeriods|SmartChargingCtrlr.PeriodsPerSchedule|int||96|1..|r|",
    # The hardware can switch a transaction from three phases to one.
    "ConnectorSwitch3to1PhaseSupported|SmartChargingCtrlr.Phases3to1|bool||false||r|",
    # Charging profiles that fit.
    "MaxChargingProfilesInstalled|SmartChargingCtrlr.Entries[ChargingProfiles]|int||20|1..|r|live",
    # Charging profiles are taken and obeyed.
    "SmartChargingEnabled|SmartChargingCtrlr.Enabled|bool||true||rw|",
    # -- Signed meter values (application note 1.0 of the OCA) --
    # Signed meter values at the beginning and the end of a transaction, told with its end.
    "SampledDataSignReadings|SampledDataCtrlr.SignReadings|bool||false||rw|",
    # With SampledDataSignReadings: signed ones in what StartTxnSampledData tells, too.
    "SampledDataSignStartedReadings|SampledDataCtrlr.SignStartedReadings|bool||false||rw|lazy",
    # With SampledDataSignReadings: signed ones in the periodic meter values, too.
    "SampledDataSignUpdatedReadings|SampledDataCtrlr.SignUpdatedReadings|bool||false||rw|lazy",
    # Clock-aligned meter values may be signed.
    "AlignedDataSignReadings|AlignedDataCtrlr.SignReadings|bool||false||rw|",
    # With AlignedDataSignReadings: they are.
    "AlignedDataSignUpdatedReadings|AlignedDataCtrlr.SignUpdatedReadings|bool||false||rw|lazy",
    # Which signed values carry the meter's public key.
    (
        "PublicKeyWithSignedMeterValue|OCPPCommCtrlr.PublicKeyWithSignedMeterValue|enum||Never|"
        "Never,OncePerTransaction,EveryMeterValue|rw|lazy"
    ),
    # Told right after the start of a transaction; empty: nothing.
    "StartTxnSampledData||measurands||||rw|lazy",
    # -- Reconnection --
    # Longest random addition to a pause before dialling again.
    "RetryBackOffRandomRange|OCPPCommCtrlr.RetryBackOffRandomRange|int|s|5|0..|rw|",
    # How often the pause is doubled.
    "RetryBackOffRepeatTimes|OCPPCommCtrlr.RetryBackOffRepeatTimes|int|times|5|0..16|rw|",
    # Pause before dialling again the first time.
    "RetryBackOffWaitMinimum|OCPPCommCtrlr.RetryBackOffWaitMinimum|int|s|3|1..|rw|",
    # -- OCPP 2.x only --
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
    # Where the station has its time from.
    "|ClockCtrlr.TimeSource|seq||Heartbeat|Heartbeat|rw|lazy",
    # What the plugs are: a ConnectorEnumType.
    "|Connector.ConnectorType|str||sType2|1..20|r|lazy live",
    # After that long offline the states of all connectors are told.
    "|OCPPCommCtrlr.OfflineThreshold|int|s|60|0..|rw|lazy",
    # Slots of network profiles to be tried, in this order.
    "|OCPPCommCtrlr.NetworkConfigurationPriority|seq||1|1,2,3,4|rw|lazy",
    # Dials that may fail before the next slot has its turn.
    "|OCPPCommCtrlr.NetworkProfileConnectionAttempts|int|times|3|1..100|rw|lazy",
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
