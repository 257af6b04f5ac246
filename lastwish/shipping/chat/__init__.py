"""Deploys, alarms and drills in Slack: one process, which Slack's SDK connects to Slack (docs/chat.md).

app.py       tokens, connection, which listener gets what     desk.py     what a person asked for, if they may have it
thread.py    a deploy as a message with replies, its question people.py   the file that says who may do what
board.py     alarms and drills in the channel, muting         watch.py    which alarms are on, and which drill runs
messages.py  texts in which nothing is active, and where they are posted
"""
