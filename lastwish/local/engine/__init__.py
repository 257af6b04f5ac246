"""Engine: MiniStack, an AWS emulator, corrected from outside where it differs from AWS (docs/decisions/0015).

process.py              starts it and checks it, for `up`
server.py               its process: the corrections, and the ASGI layers around MiniStack
patch.py                replaces a function of MiniStack or its server, or refuses to
calls.py                shows each AWS call to whoever counts, records or disturbs calls
callers.py              gives each function credentials that name it
permissions.py          checks permissions as AWS does, under roles
fault.py                says what a fault is
faults.py               disturbs calls and invocations on purpose, and how it is told to
faults_effects.py       what each kind of fault does to a call
faults_answers.py       errors as AWS answers them
faults_bodies.py        takes entries out of a batch, sets times ahead
faults_invocations.py   crashes, slows or throttles a function
faults_marks.py         marks each injection in log, trace and a metric
record.py               counts which caller used which permission
journal.py              journals messages and commits, so that the next engine can have them
sockets.py              makes the server use the socket that `up` has bound
alarms.py               evaluates alarms by CloudWatch's rules, also while no metrics arrive
pace.py                 lets alarms run faster for a while
metric_points.py        keeps a metric's points in the order of their times
invocations.py          measures every invocation of a function
arrival.py              tells a function when its request arrived at the proxy
tracing.py              continues the trace of an API call in the function
queues.py               reports the depth of the queues
retry.py                makes what waits in the queues visible now
measurements.py         forgets metrics, log lines and alarms' states
reports.py              answers one more path, for record.py, queues.py, retry.py and measurements.py
method_settings.py      finds a route's own throttle
sign_in_attempts.py     locks an account after wrong passwords
garbage_collection.py   keeps the pauses of Python's collector short
"""
