"""The operator's side: sign in, look at what is held, release, hide, erase, blank the wall."""
