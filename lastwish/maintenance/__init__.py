"""Work on what is stored: audit, rebuild, reclaim, erase, history."""
