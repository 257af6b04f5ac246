"""What the HTTP functions share: requests, answers, problems, pages and their languages, the wall's feed."""
