# Programs of internal-side and the libraries each one's trust needs.
