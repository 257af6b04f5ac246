"""The agent does beside the functions what AWS does by itself (docs/decisions/0015).

process.py     the agent, seen from outside      server.py      the process
intake.py      datagrams                         segments.py    one segment document
traces.py      the traces of the last while      xray.py        X-Ray's API
filtering.py   filter expressions of traces      emf.py         metrics in log lines
logs.py        follows log groups                metrics.py     gathers points
publishing.py  brings them into CloudWatch       numbers.py     which numbers are usable
"""
