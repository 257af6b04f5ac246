"""The stack on the laptop: MiniStack as the engine, the real template deployed to it, and a proxy in front.

stack.py          up, down: the orchestration                 health.py        what does its work
foreground.py     the same from a terminal                    reset.py         empties a running stack
deploy.py         `sam deploy`, and what it made
proxy.py          the only door phones get                    proxy_server.py  a process of it, for one or two sockets
routes.py         what the template lets through              proxy_process.py the same, seen from outside
upstream.py       what passes between proxy and engine        gate.py          bounds how many stand in the engine
lan.py            this machine's address for phones           ledger.py        every wish id that was answered 202
state.py          .lastwish/: what runs                       processes.py     start, know again, stop
environment.py    what the engine and `sam` may see           interrupts.py    Ctrl-C, SIGTERM, a closed terminal
composites.py     alarms that the engine cannot deploy        api_request.py   what the proxy tells the agent

engine/           MiniStack, corrected                        agent/           what AWS does around a function
"""
