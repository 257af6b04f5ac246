"""Tools of the operator: the command line, the local stack, AWS, maintenance, observation, load, drills."""
