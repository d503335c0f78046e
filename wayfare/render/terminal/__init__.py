"""Tables that people would paste into a decision paper."""
