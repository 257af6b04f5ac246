"""The commands: each parses, calls and answers; the work is done elsewhere."""
