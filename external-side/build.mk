# Programs of external-side and the libraries each one's trust needs.
