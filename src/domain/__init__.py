"""What Last Wish is about, without any I/O: events, the decider, the envelope, the parser's rules and the error tree."""
