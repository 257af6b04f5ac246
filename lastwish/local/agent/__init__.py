"""Agent: does what AWS does around a function and the engine does not (docs/decisions/0015).

process.py     starts it and checks it, for `up`   server.py      its process
datagrams.py   receives segments and reports       segments.py    reads one segment document
traces.py      keeps the newest traces             xray.py        X-Ray's API
filters.py     filter expressions of traces        emf.py         reads metrics out of log lines
logs.py        follows log groups                  metrics.py     collects points
publisher.py   sends metrics to CloudWatch         validation.py  checks numbers of others
"""
