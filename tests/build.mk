# Test tools.
