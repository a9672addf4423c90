"""Paths of the control API, and what their bodies may hold.

A line of the tables: method, path (`N` is a connector), name of the method in `api.Api` (or
`module.function`, of a module that is in memory only meanwhile), fields of the body as in
`fields.py`. `-`: the body is not looked at; `*`: any field, its value a string or null. It is
text, and read for each request, because that takes a quarter of the heap that tuples and
dictionaries would.
"""

_TABLE = """\
GET status status -
GET messages messages -
GET events events -
GET console views.console -
GET history views.history -
GET connectors/N/explain controls.explain -
GET explain controls.explain_all -
POST connectors/N/limit controls.limit !current_a:n0..2000? seconds:i1..604800 source:SRC grid:bool
POST limit controls.limit_all !current_a:n0..2000? seconds:i1..604800 source:SRC grid:bool
GET settings controls.settings -
GET settings/table views.settings -
POST settings controls.change_settings *
GET auth_cache views.auth_cache -
POST auth_cache controls.cache !idTag:s1-255 status:AUTH group:s255? group_type:TOKEN? expiry:TIME?
DELETE auth_cache controls.clear_cache
GET local_list views.local_list -
POST local_list controls.local_list !version:i0..2147483647 !entries:list
GET doctor controls.doctor -
POST doctor controls.examine
GET reservations views.reservations -
GET profiles views.profiles -
GET certificates views.certificates -
GET transactions views.transactions -
GET parked views.parked -
POST parked/resend controls.resend
POST reboot controls.reboot reason:PowerUp|Watchdog|LocalReset
"""

_WORLD = """\
POST connectors/N/plug simulate.plug ev:B|C|D current_a:n0..1000 phases:#1|2|3 soc:n0..100
POST connectors/N/unplug simulate.unplug side:ev|station
POST connectors/N/ev simulate.ev state:B|C|D current_a:n0..1000 soc:n0..100
POST connectors/N/fault simulate.fault !code:CODE info:s50 vendor_id:s255 vendor_code:s50
DELETE connectors/N/fault simulate.clear_fault code:CODE
POST connectors/N/pilot simulate.pilot diode:bool state:E|F?
POST connectors/N/lock simulate.lock !jam:bool
POST connectors/N/meter simulate.meter energy_wh:n0..1000000000000 signed:bool
POST connectors/N/parking simulate.parking !occupied:bool
POST rfid controls.present !idTag:s1-255 connector:i-999999..999999 type:ISO14443|ISO15693
POST auth controls.present !idTag:s255 connector:i-999999..999999 type:TOKEN
POST network simulate.network !online:bool
POST speed simulate.speed !speed:n0.001..10000
POST security_event controls.security_event !type:s1-50 info:s255
"""


def find(path, world=True):
    """{method: (name, list of fields)} of a path with `N` for the connector; empty if there is
    none. `world`: those that play with the simulated world, too."""
    found = {}
    for table in (_TABLE, _WORLD) if world else (_TABLE,):
        for line in table.split("\n"):
            parts = line.split(" ")
            if len(parts) > 2 and parts[1] == path:
                found[parts[0]] = (parts[2], parts[3:])
    return found
