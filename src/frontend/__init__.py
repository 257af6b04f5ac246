"""The door: bounds, validates and sanitises what people send, publishes it, and shows the pages."""
