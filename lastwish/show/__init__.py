"""A talk as a cue sheet: read, checked, performed in front of people or by the machine, recorded and played again.

    sheet      the cue sheet: its fields, and errors with their line
    check      do the names in it exist on the stack that runs here?
    sights     what should be seen, asked of metrics, alarms, totals and the audit
    stagehand  what a cue does to the stack, and how all of it is undone
    clock      time left, of a cue and of the show
    performance  which cue is on, what of it was seen, what is next
    prompter   the presenter's view in the terminal, and the keys
    tape       what was sent in an hour, to be sent again

`lastwish.commands.show` has the commands.
"""
