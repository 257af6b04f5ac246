"""A monolith's table as events: read its rows, make each a wish as if it had been posted, and write the commits."""
