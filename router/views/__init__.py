"""What a router sees: the request at hand, the fleet, and what there is to choose among."""
