"""Getting there: deploy, from a terminal or from chat, a monolith's table as events, and the log's long memory."""
