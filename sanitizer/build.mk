# Programs of sanitizer and the libraries each one's trust needs.
