"""A running transaction: what is remembered of it in memory. Its history is in the log on
flash."""


class Transaction:
    def __init__(self, key, connector, id_token, kind, parent, start_wh):
        self.key = key  # local key, unique for ever
        self.connector = connector  # the Connector
        self.id = None  # the central system's id once known: any integer, or a text
        self.id_token = id_token
        self.kind = kind  # type of the token, "" where it has none
        self.parent = parent  # group identifier or None
        self.start_wh = start_wh
        self.last_wh = start_wh  # highest register value seen: a meter never counts down
        self.seen_wh = start_wh  # register at the last look, a second ago
        self.started = connector.station.clock.uptime()  # s; negative after a resume over a reboot
        self.stamp = None  # when it began, after such a resume, until `started` says so
        self.saved_wh = start_wh  # register value last written to flash
        self.saved_at = 0  # `seconds` at that time
        self.state = None  # charging state last written down, None: none was
        self.suspended = False  # True: de-authorized, no energy until it ends
        self.energy_end_wh = None  # register value at which a de-authorized EV has had its share
        self.ending = None  # reason once it is to end
        self.end_token = None  # identifier that ended it
        self.remote_start_id = None  # number given by a remote start, or None
        self.profile = None  # charging profile that came with its start, until it is installed
        self.key_told = False  # the meter's public key went along with a signed value
        self.held = False  # True: no energy yet, its limit is not worked out

    def saved(self, wh):
        self.saved_wh = wh
        self.saved_at = self.seconds

    @property
    def energy_wh(self):
        return self.last_wh - self.start_wh

    @property
    def seconds(self):
        return self.connector.station.clock.uptime() - self.started
