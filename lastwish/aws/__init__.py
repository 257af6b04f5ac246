"""Reach AWS, or the engine that stands in for it: clients, the access log, operators' accounts."""
