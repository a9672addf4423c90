"""Changes of security profile and certificates, which are tried out before they count (whitepaper
A02, A05)."""

from ocpp.log import log
from ocpp.station.certificates import OLD, USES, short_hash

_TRIES = const(3)  # dials that may fail before the last good state comes back
_ASK_S = const(86400)  # between two requests for the same certificate
_CARE_S = const(3600)  # between two looks at our certificate


class Credentials:
    """A part of the station, see `OnDemand.part`."""

    def __init__(self, station):
        self._station = station

    def event(self, type, info=""):
        self._station.part("security").event(type, info)

    # -- profile --

    def wrong_profile(self, text):
        """Why the security profile can't become `text`, or None (A05.FR.02 to 04)."""
        station = self._station
        wanted = int(text)
        if wanted <= station.settings.get("SecurityProfile"):
            return None
        certificates = station.part("certificates")
        if wanted in (1, 2) and not station.settings.get("AuthorizationKey"):
            return "there is no AuthorizationKey"
        if wanted >= 2 and not certificates.roots(USES[0]):
            return "there is no root certificate for the central system"
        if wanted == 3 and certificates.current() is None:
            return "there is no certificate of this station"
        return None

    def profile_changed(self, profile, before):
        """Come back under the new profile; a higher one has to prove itself (A05), or `before`
        returns."""
        if profile > before:
            self._station.part("certificates").keep("profile", [before, 0])
            self.event("ReconfigurationOfSecurityParameters", "SecurityProfile")
        self._come_back()

    def password_changed(self):
        """Come back with the new password (A01)."""
        station = self._station
        station.refused = 0
        self.event("ReconfigurationOfSecurityParameters", "AuthorizationKey")
        if station.settings.get("SecurityProfile") in (1, 2):
            self._come_back()

    def certificate_changed(self):
        """There is a new certificate of ours: use it (A02.FR.08)."""
        station = self._station
        if station.settings.get("SecurityProfile") != 3 or station.presented is None:
            return
        if station.part("certificates").current() != station.presented:
            self._come_back()

    def _come_back(self):
        self._station.jobs.append(_dial_anew(self._station))

    # -- the connection --

    def connected(self):
        """A dial was good: what was on trial counts."""
        station = self._station
        certificates = station.part("certificates")
        if certificates.note("profile") is not None:
            certificates.keep("profile", None)
        number = station.presented
        if number is not None and number != certificates.note("good"):
            certificates.keep("good", number)
        used = station.trusted[:-1]
        if any(short_hash(der) == used for _, der, _ in certificates.roots(USES[0])):
            for name in certificates.names(OLD + "-"):  # M05.FR.12
                certificates.remove(name)

    def failed(self, kind, text, repeated):
        """A dial failed; `repeated`: the same as the one before."""
        if not repeated:
            self._tell(kind, text)
        certificates = self._station.part("certificates")
        profile = certificates.note("profile")
        if profile is not None:
            self._fall_back(certificates, profile)
        elif kind == "tls" or kind.startswith("http4"):
            self._blame(certificates)

    def _tell(self, kind, text):
        """The security event a failure stands for, if any."""
        seen = self._station.trusted
        if kind in ("http401", "http403"):
            self.event("FailedToAuthenticateAtCentralSystem", text)
        if kind != "tls":
            return
        low = text.lower()
        if "version" in low or "min/max" in low:
            self.event("InvalidTLSVersion", text)
        elif "certificate" in low:
            self.event("InvalidCentralSystemCertificate", text)
        elif seen.endswith("+"):  # we took its certificate: it does not take ours
            self.event("FailedToAuthenticateAtCentralSystem", text)
        elif "alert" in low or "cipher" in low:
            self.event("InvalidTLSCipherSuite", text)

    def _fall_back(self, certificates, profile):
        before, failures = profile
        if failures + 1 < _TRIES:
            certificates.keep("profile", [before, failures + 1])
            return
        log.warn("security", "no link under the new profile, back to", before)
        certificates.keep("profile", None)
        self._station.settings.force("SecurityProfile", str(before))
        self.event("ReconfigurationOfSecurityParameters", "SecurityProfile back to %d" % before)

    def _blame(self, certificates):
        """The server refuses us: a certificate of ours that never worked is to blame, if another
        one did."""
        number = self._station.presented
        good = certificates.note("good")
        if number in (None, good) or good is None or number not in certificates.numbers():
            return
        tries = certificates.note("tries", 0) + 1
        if tries < _TRIES:
            certificates.keep("tries", tries)
            return
        certificates.keep("tries", None)
        certificates.keep("bad", certificates.note("bad", []) + [number])
        self.event("InvalidChargePointCertificate", "a new certificate does not work")

    def care(self):
        """Now and then: renew our certificate before it ends (A03), use one that has begun."""
        from ocpp.station import own

        station = self._station
        station.cared = station.clock.uptime() + _CARE_S
        certificates = station.part("certificates")
        if own.upkeep(station):
            now = certificates.now()[0]
            if now - certificates.note("asked", 0) >= _ASK_S and self.request_certificate():
                certificates.keep("asked", now)
        self.certificate_changed()

    def request_certificate(self):
        """Have a new key made and a certificate requested. False if that can't be."""
        station = self._station
        if station.requesting:
            return False
        if not station.settings.get("CpoName") and not station.dialect.asks_again:
            return False
        from ocpp.station import own

        station.requesting = True
        station.jobs.append(own.request(station))
        return True


def _dial_anew(station):
    """A job. What is under way is finished first, the answer about the password included."""
    connection = station.connection
    while connection.connected and (station.rpc.busy or connection.busy):
        yield
    connection.drop(0)
