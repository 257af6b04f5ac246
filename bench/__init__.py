"""What the chain costs beside doing nothing: ratios, measured on one machine in one run. See `python -m bench --help`.

Local figures say nothing about AWS. The ratios say what our own code adds, whatever the machine.
"""
