metadata(description="Public keys and certificates in small pieces", version="0.1.0")

package("pki")
