"""Console of the operators: sign in, read the queue of held wishes, release, hide and erase them, blank the wall."""
