metadata(
    version="1.0.0", description="OCPP charging station: RPC, domain model, OCPP 1.6 and 2.0.1."
)
package("ocpp", base_path="..")
