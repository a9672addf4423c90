metadata(
    version="1.0.0", description="Non-blocking WebSocket client (RFC 6455) with ws:// and wss://."
)
package("wsclient", base_path="..")
