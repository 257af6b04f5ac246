"""Mission control: shows operators rates, queues, alarms, error budgets and traces. It only reads."""
