"""Answer quality: who answers what right, how long answers are, and what a router can guess."""
