"""Drills: cause a known fault on purpose, see its symptom and its alarm, undo it, and prove that nothing was lost.

    drill        what a drill is: a load, faults, what must be seen
    catalogue    one drill for each mode of observability/failure_catalogue.py
    symptoms     what can be seen of a fault, in words and as a test
    crowd        the people who send wishes meanwhile
    sight        alarms, metrics, logs and queues of a stack since a moment
    keeping      faults that live only as long as this process
    runner       one drill from its check to its audit
    result       what came of it, and what was missing
    exam         a drill that does not say which it is
    schedule     a day of surprises, from a seed

Locally only: the faults stand in front of the local engine (lastwish/local/engine/faults.py).
"""
