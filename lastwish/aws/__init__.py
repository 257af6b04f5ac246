"""AWS as the operator's tools see it: clients, the access log, operators' accounts."""
