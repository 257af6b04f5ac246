"""Preflight: is this place ready for a stack, or for a hall?

    check    one answer, and how a list of checks runs: none stops the others
    account  an AWS account and region before, or around, a stack
    load     what that account must bear when the audience comes
    laptop   this laptop and the stack that runs on it
    hall     how many wishes it answers in ten seconds

`lastwish.commands.preflight` is the command.
"""
