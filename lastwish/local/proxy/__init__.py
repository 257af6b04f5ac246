"""Proxy in front of the engine: all that browsers and phones reach.

process.py   starts it and checks it, for `up`     server.py        its processes, one for each socket
listener.py  connections, deadlines                app.py           the ASGI application
gateway.py   API Gateway, by the template          upstream.py      filters what passes to the engine
ledger.py    every wish and how it was answered    concurrency.py   limits the requests in the engine
stage.py     what a show asks of the hall          drills.py       starts and ends a drill
documents.py shows the documentation as pages      documents.css    how they look
api_call.py  reports each call to the agent        request_body.py reads a body up to a bound
"""
