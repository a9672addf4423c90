metadata(description="Charging hardware as a state machine (IEC 61851-1)", version="0.1.0")

package("evse")
