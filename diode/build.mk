# Programs of diode and the libraries each one's trust needs.
