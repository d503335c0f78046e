"""Policies made of parts: filters, scorers, pickers."""
