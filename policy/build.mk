# Programs of policy and the libraries each one's trust needs.
