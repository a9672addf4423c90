metadata(version="1.0.0", description="Non-blocking download and upload: HTTP, HTTPS, FTP, FTPS.")
package("transfer", base_path="..")
