"""Takes wishes: bounds, validates and sanitises them and publishes them to Inbox. Shows pages, feed and receipts."""
