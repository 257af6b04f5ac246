"""The engine is MiniStack, an AWS emulator, corrected from outside where it differs from AWS (docs/decisions/0015).

process.py     the engine, seen from outside     server.py      the process
correcting.py  replaces a function, or refuses   alarms.py      evaluates alarms by CloudWatch's rules
tracing.py     a trace goes on behind the API    queues.py      what lies in the queues
invocations.py measures every invocation         points.py      keeps points in the order of their times
clock.py       evaluates alarms by the clock     pauses.py      keeps it from pausing longer and longer
"""
