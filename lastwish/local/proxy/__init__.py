"""The proxy in front of the local engine: the only way in for browsers and phones."""
