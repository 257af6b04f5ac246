"""Local stack: MiniStack as the engine, the real template deployed to it, and a proxy in front.

stack.py         up and down, step by step               health.py        checks the parts of a running stack
watch.py         starts again what dies                  reset.py         empties a running stack
foreground.py    both from a terminal                    put_back.py      puts back what the journal holds
deploy.py        deploys the template                    interrupts.py    Ctrl-C, SIGTERM, a closed terminal
packaging.py     uploads code and templates              processes.py     starts, recognises and stops processes
template.py      reads the template                      environment.py   variables of the engine and its helpers
composites.py    alarms that the engine cannot deploy    network.py       addresses, sockets, the QR code
state.py         .lastwish/: records what runs           journal.py       what outlives the engine: its lines
parts.py         ports and start of agent and proxy

proxy/           all that browsers and phones reach      engine/          MiniStack, corrected
agent/           what AWS does around a function
"""
