"""Shared code of the HTTP functions: requests, responses, problems, templates, languages, the wall's feed."""
