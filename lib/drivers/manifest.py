metadata(description="Meters, card readers and other parts of a charger.", version="0.1.0")

package("drivers")
