"""The stack on the laptop: MiniStack as the engine, the real template deployed to it, and a proxy in front.

stack.py          up, down, status: the orchestration         reset.py        empties a running stack
engine.py         the MiniStack process                       deploy.py       `sam deploy`, and what it made
proxy.py          the only door phones get                    proxy_process.py  the same, seen from outside
routes.py         what the template lets through              upstream.py     what passes between proxy and engine
gate.py           bounds how many stand in the engine         ledger.py       every wish id that was answered 202
state.py          .lastwish/: what runs                       processes.py    start, know again, stop
environment.py    what the engine and `sam` may see           interrupts.py   Ctrl-C, SIGTERM, a closed terminal
"""
