"""Load for demos and for the truth: from the moment a wish was meant to be sent to its seat.

    draws      one seed, a stream of draws per purpose, the same in every process
    shapes     when wishes are sent: steady, ramp, spike, wave
    wishes     what people write, and what they should not, as request bodies
    plan       options and profiles; all requests of a run, in order, and their digest
    run        what is known of a run when it is over: results, ends, queue samples
    figures    every number of a report, computed in one place
    report     a finished run as facts, with its verdict, as CSV
    table      the same for the terminal; `words`: numbers as a person reads them
    page       the same to show, from report.html
    charts     its plots

    driver     one load from the plan to what the report needs, phase by phase
    sender     sends the plan, in a process of its own (Locust; `patched` comes first); `sender_process`: from outside
    agenda     what is sent next: an open loop with a bound on requests in flight
    follow     what became of the wishes after the 202
    depth      queues and CPU while it runs
    watch      the display while it runs
    manners    what may be loaded, and how hard

One load, and what Ctrl-C does in each phase:

    starting   the plan is made, the sender started       nothing was sent: only an error
    sending    the sender sends, we watch and follow      stopping: what is in flight may end; once more: killed
    settling   until all that were followed have ended    on with what is known
    auditing   promised and stored are compared           no verdict
    reporting  manifest, table, page, CSV                 ignored

`lastwish.commands.load` is the command.
"""
