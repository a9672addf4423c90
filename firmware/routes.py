"""Paths of the control API, and what their bodies may hold.

A line of the table: method, path (`N` is a connector), name of the method in `api.Api`, fields of
the body as in `fields.py`. `-`: the body is not looked at; `*`: any field, its value a string or
null. It is text, and read for each request, because that takes a quarter of the heap that tuples
and dictionaries would.
"""

_TABLE = """\
POST connectors/N/plug plug ev:B|C|D current_a:n0..1000 phases:#1|2|3 soc:n0..100
POST connectors/N/unplug unplug side:ev|station
POST connectors/N/ev ev state:B|C|D current_a:n0..1000 soc:n0..100
POST connectors/N/fault fault !code:CODE info:s50 vendor_id:s255 vendor_code:s50
DELETE connectors/N/fault clear_fault code:CODE
POST connectors/N/pilot pilot diode:bool state:E|F?
POST connectors/N/lock lock !jam:bool
POST connectors/N/meter meter energy_wh:n0..1000000000000 signed:bool
POST connectors/N/parking parking !occupied:bool
GET connectors/N/explain explain -
POST connectors/N/limit limit !current_a:n0..2000? seconds:i1..604800
GET explain explain_all -
POST limit limit_all !current_a:n0..2000? seconds:i1..604800
GET status status -
GET messages messages -
GET events events -
GET settings settings -
POST settings change_settings *
POST rfid present !idTag:s1-255 connector:i-999999..999999 type:ISO14443|ISO15693
POST auth present !idTag:s1-255 connector:i-999999..999999 type:TOKEN
POST network network !online:bool
POST auth_cache auth_cache !idTag:s1-255 status:AUTH group:s255? group_type:TOKEN? expiry:TIME?
DELETE auth_cache clear_auth_cache
POST local_list local_list !version:i0..2147483647 !entries:list
POST security_event security_event !type:s1-50 info:s255
GET doctor doctor -
POST doctor examine
GET parked parked -
POST parked/resend resend
POST reboot reboot reason:PowerUp|Watchdog|LocalReset
"""


def find(path):
    """{method: (name, list of fields)} of a path with `N` for the connector; empty if there is
    none."""
    found = {}
    for line in _TABLE.split("\n"):
        parts = line.split(" ")
        if len(parts) > 2 and parts[1] == path:
            found[parts[0]] = (parts[2], parts[3:])
    return found
