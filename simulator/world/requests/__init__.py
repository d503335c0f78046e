"""Requests under way: what the router sees, submissions, verification, outcomes."""
