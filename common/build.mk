# Programs of common and the libraries each one's trust needs.
