"""How good routing is apart from load: threshold curves, hulls, scores, and their intervals over queries."""
