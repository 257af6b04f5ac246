"""Folds commits into the read model, exactly once, into every live generation."""
