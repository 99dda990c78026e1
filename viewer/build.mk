# Programs of viewer and the libraries each one's trust needs.
