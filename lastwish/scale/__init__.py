"""A discrete-event model of the chain on AWS: how many wishes it bears, what binds first, what to raise."""
