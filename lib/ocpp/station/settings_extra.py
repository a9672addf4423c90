"""Settings, the second part: further profiles of OCPP 1.6 and what goes with them. See
`settings_table`."""

TABLE = (
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
    "CertificateStoreMaxLength||int||8|1..|r|",
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
    # Signals from outside (of a home's energy manager, of the grid operator) limit the charging.
    "|SmartChargingCtrlr.ExternalControlSignalsEnabled|bool||true||rw|lazy",
    # What is told of such a limit contains it.
    "|SmartChargingCtrlr.NotifyChargingLimitWithSchedules|bool||false||rw|lazy",
    # A smaller change of a limit is not told.
    "|SmartChargingCtrlr.LimitChangeSignificance|decimal|%|1|0..100|rw|lazy",
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
)
