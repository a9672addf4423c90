"""Settings, the third part: prices and costs, ISO 15118. See `settings_table`."""

TABLE = (
    # -- Prices and costs (OCPP 2.0.1 I; California pricing, also over OCPP 1.6) --
    # Prices and costs of California pricing are taken.
    (
        "CustomDisplayCostAndPrice|CustomizationCtrlr.CustomImplementationEnabled"
        "[org.openchargealliance.costmsg]|bool||true||r|lazy"
    ),
    # Decimals of costs.
    "NumberOfDecimalsForCostValues|TariffCostCtrlr.NumberOfDecimalsForCostValues|int||2|0..5|r|lazy",
    # Price for whom no other is told, as JSON: priceText, priceTextOffline, chargingPrice.
    "DefaultPrice||str||-|..500|rw|lazy",
    # Its texts, as JSON: priceTexts, a list of priceText, priceTextOffline and language.
    "DefaultPriceText||str||-|..500|rw|lazy",
    # Its text in a language, as JSON: priceText, priceTextOffline.
    "DefaultPriceText,de||str||-|..500|rw|lazy",
    "DefaultPriceText,en||str||-|..500|rw|lazy",
    "DefaultPriceText,es||str||-|..500|rw|lazy",
    "DefaultPriceText,fr||str||-|..500|rw|lazy",
    "DefaultPriceText,nl||str||-|..500|rw|lazy",
    # Tariffs are shown.
    "|TariffCostCtrlr.Enabled[Tariff]|bool||true||rw|lazy",
    # Costs are shown.
    "|TariffCostCtrlr.Enabled[Cost]|bool||true||rw|lazy",
    # The station can show tariffs.
    "|TariffCostCtrlr.Available[Tariff]|bool||true||r|lazy",
    # The station can show costs.
    "|TariffCostCtrlr.Available[Cost]|bool||true||r|lazy",
    # Currency of all of them (ISO 4217).
    "|TariffCostCtrlr.Currency|str||EUR|3..3|rw|lazy",
    # Shown where no tariff is known.
    "|TariffCostCtrlr.TariffFallbackMessage|str|||..255|rw|lazy",
    # Shown where no cost is known at the end.
    "|TariffCostCtrlr.TotalCostFallbackMessage|str|||..255|rw|lazy",
    # Difference of local time to UTC, as `-08:00`.
    "TimeOffset|ClockCtrlr.TimeOffset|str|||..6|rw|lazy",
    # When that changes next.
    (
        "NextTimeOffsetTransitionDateTime|ClockCtrlr.NextTimeOffsetTransitionDateTime|str|||..30"
        "|rw|lazy"
    ),
    # What it is then.
    "TimeOffsetNextTransition|ClockCtrlr.TimeOffset[NextTransition]|str|||..6|rw|lazy",
    # A fee for standing idle is due after a transaction: it is told when the EV leaves.
    "CustomIdleFeeAfterStop|CustomizationCtrlr.CustomIdleFeeAfterStop|bool||false||rw|lazy",
    # Languages the display knows.
    "SupportedLanguages|CustomizationCtrlr.SupportedLanguages|csl||en,de,es,fr,nl||r|lazy",
    # Messages may come in several languages.
    (
        "CustomMultiLanguageMessages|CustomizationCtrlr.CustomImplementationEnabled"
        "[org.openchargealliance.multilanguage]|bool||true||r|lazy"
    ),
    # Language of the display.
    "Language|DisplayMessageCtrlr.Language|str||en|2..8|rw|lazy",
    # Longest wait for the price of whom the CSMS has authorized.
    "WaitForSetUserPriceTimeout|CustomizationCtrlr.WaitForSetUserPriceTimeout|int|ms|0|0..30000|rw|lazy",
    # -- ISO 15118 (OCPP 2.0.1 C07, M01, M02; Plug & Charge over OCPP 1.6) --
    # EVs may be authorized by their contract certificate.
    "ISO15118PnCEnabled|ISO15118Ctrlr.PnCEnabled|bool||false||rw|lazy",
    # A contract that the local list or cache knows is taken while offline.
    "ContractValidationOffline|ISO15118Ctrlr.ContractValidationOffline|bool||true||rw|lazy",
    # The CSMS may validate a contract certificate that the station can't.
    (
        "CentralContractValidationAllowed|ISO15118Ctrlr.CentralContractValidationAllowed|bool||true"
        "||rw|lazy"
    ),
    # Certificates of ISO 15118 are managed by the CSMS.
    (
        "ISO15118CertificateManagementEnabled|ISO15118Ctrlr.V2GCertificateInstallationEnabled|bool"
        "||false||rw|lazy"
    ),
)
