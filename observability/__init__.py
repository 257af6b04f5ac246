"""What says that the system is well, as code: alarms, dashboard, saved queries, failure modes, and the docs of them.

alarms.py             alarms that stand by themselves    burn.py       those that follow from src/mission/slos.py
metrics.py            what our functions emit            dashboard.py  all of it on one page
queries.py            saved Logs Insights queries        cost.py       what it costs a month
cloudformation.py     template.yaml's generated part     tables.py     the tables of docs/slo.md
failure_catalogue.py  what can go wrong                  failures.py   the tables of docs/failure-modes.md
failure_mode.py       how bad that is, in numbers        generate.py   writes it all down, or checks that it is
"""
