"""Local stack: MiniStack as the engine, the real template deployed to it, and a proxy in front.

stack.py         up and down, step by step               health.py        checks the parts of a running stack
foreground.py    the same from a terminal                reset.py         empties a running stack
deploy.py        deploys the template                    interrupts.py    Ctrl-C, SIGTERM, a closed terminal
packaging.py     uploads code and templates              processes.py     starts, recognises and stops processes
template.py      reads the template                      environment.py   variables of the engine and its helpers
composites.py    alarms that the engine cannot deploy    network.py       addresses, sockets, the QR code
state.py         .lastwish/: records what runs           journal.py       what outlives the engine: its lines
put_back.py      the journal into a new stack

proxy/           all that browsers and phones reach      engine/          MiniStack, corrected
agent/           what AWS does around a function
"""
