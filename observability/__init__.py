"""Alarms, dashboard, saved queries and failure modes as code. `make observability` writes what follows from them.

metrics.py            the metrics that our functions emit  queries.py     saved Logs Insights queries
alarms.py             alarms on one symptom each           burn.py        alarms on error budgets (src/mission/slos.py)
dashboard.py          the CloudWatch dashboard             cost.py        the cost of all this, a month
failure_mode.py       a way to fail, and its risk          failures.py    an alarm's runbook, docs/failure-modes.md
failure_catalogue.py  all failure modes                    tables.py      the tables of docs/slo.md
cloudformation.py     observability.yaml                   rules.py       rules.yml, the same alarms for Prometheus
series.py             metrics as Prometheus names them     generate.py    write these files, or check them
"""
