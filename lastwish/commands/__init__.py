"""Commands of `lastwish`. Each parses its options, calls the module that does the work, and prints the answer."""
