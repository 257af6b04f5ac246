"""What Last Wish is about, without any I/O: events, decider, envelope, rules, errors."""
