"""Load: send many wishes as a crowd would, and measure each from its intended send to its seat.

    seeded           random choices from one seed, one stream per purpose, the same in every process
    shapes           send times: steady, ramp, spike, wave
    wishes           request bodies: what people write, and what they should not
    plan             options and profiles; all requests of a load, in order, and their digest
    results          what is known when a load is over: results, outcomes, samples of the queues
    statistics       every number of a report
    report           a finished load as facts, with its verdict, and as CSV
    terminal_report  the same as a table for the terminal
    html_report      the same as one HTML file, from report.html
    charts           its plots
    formatting       numbers as a person reads them

    load_run         one load from the plan to its results, phase by phase
    sender           sends the plan, in a process of its own (Locust)
    sender_process   starts that process, reads its results and stops it
    schedule         what is sent next: an open loop with a bound on requests in flight
    result_writer    the file of results that the sender writes
    follower         asks what became of the wishes after their 202
    queue_depth      samples the queues while the load runs
    cpu_usage        CPU seconds of each part
    display          progress on the terminal while the load runs
    guard            what may be loaded, and how hard

One load, and what Ctrl-C does in each phase:

    starting   the plan is made, the sender started       nothing was sent: only an error
    sending    the sender sends, we sample and follow     stopping: requests in flight may end; once more: killed
    settling   until all followed wishes have ended       goes on with what is known
    auditing   promised and stored wishes are compared    no verdict
    reporting  manifest, table, HTML, CSV                 ignored

`lastwish.commands.load` is the command.
"""
