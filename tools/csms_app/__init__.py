"""The local CSMS, and its protocol layer as a library: see README.md, "As a library".

What is imported here needs neither network nor web nor SQLite. `tools/csms` runs `csms_app.main`.
"""

from csms_app.central import BadPayload, Central, Handler, UnknownStation, Wire
from csms_app.device_model import Ambiguous, DeviceModel, Report
from csms_app.machine import NotAllowed
from csms_app.protocol import CallError
from csms_app.rpc import RPC, Busy, Offline
from csms_app.schemas import UnknownAction, Violation
from csms_app.station import Station
