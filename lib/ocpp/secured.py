"""The part of a Station that deals with what its connection is secured with (docs/security.md)."""

_CARE_S = const(3600)  # between two looks at our certificate
_SOON_S = const(60)  # to the first one


class Secured:
    refused = 0  # times in a row that the password was refused
    trusted = ""  # root the server's certificate leads to, with a "+" once it was seen whole
    presented = None  # number of our certificate
    requesting = False  # True: a new key is being made
    held = ()  # (data, stamp) of events of the start, told once the station is accepted
    heard = -60  # uptime (s) when a message last was told to be invalid
    cared = None  # uptime (s) of the next look at our certificate, None: none is due
    _profile = 0  # SecurityProfile before the last change

    def care(self, begin=False):
        """Look after our certificate, every now and then."""
        now = self.clock.uptime()
        if begin:
            self.cared = now + _SOON_S
        elif now >= self.cared:
            self.cared = now + _CARE_S
            self.part("security").care()

    def log_in_anew(self, key):
        """The password was changed: come back with the new one (whitepaper A01)."""
        self.refused = 0
        self.part("security").event("ReconfigurationOfSecurityParameters", "AuthorizationKey")
        if self.settings.get("SecurityProfile") in (1, 2):
            self.jobs.append(self._come_back())

    def check_profile(self, text):
        """Why the security profile can't become `text`, None: it can."""
        self._profile = self.settings.get("SecurityProfile")
        return self.part("security").wrong_profile(text)

    def profile_changed(self, profile):
        """Come back under the new profile; a higher one has to prove itself (whitepaper A05)."""
        if profile > self._profile:
            self.part("security").profile_changed(self._profile)
        self._profile = profile
        self.jobs.append(self._come_back())

    def certificate_changed(self):
        """There is a new certificate of ours: use it (whitepaper A02.FR.08)."""
        if self.settings.get("SecurityProfile") != 3 or self.presented is None:
            return
        if self.part("certificates").current() != self.presented:
            self.jobs.append(self._come_back())

    def dial_failed(self, kind, text, repeated):
        """A link failed, or could not be made."""
        if kind == "http401":
            self.refused += 1
        if kind == "http401" or self.settings.get("SecurityProfile"):
            self.part("security").failed(kind, text, repeated)

    def _come_back(self):
        connection = self.connection
        while connection.connected and (self.rpc.busy or connection.busy):
            yield  # what is under way is finished first, the answer about the password included
        connection.drop(0)
