"""Find and draw traces and logs of a stack. (observability/ beside this package generates alarms and dashboard.)"""
