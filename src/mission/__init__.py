"""Mission control: what operators see of rates, queues, alarms, budgets and traces. Reads, and changes nothing."""
