"""Appends each decided wish to the event store, exactly once."""
