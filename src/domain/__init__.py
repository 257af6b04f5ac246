"""Rules of Last Wish, without any I/O: events, decider, envelope, projection, errors."""
