"""Proxy in front of the engine: all that browsers and phones reach.

process.py   starts it and checks it, for `up`     server.py        its process, for one or two sockets
app.py       the ASGI application                  gateway.py       API Gateway as the template configures it
upstream.py  filters what passes to the engine     concurrency.py   limits the requests in the engine
ledger.py    every wish id that was answered 202   api_call.py      reports each call to the agent
"""
