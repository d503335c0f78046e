"""Records: requests, attempts, capacity and time steps of a finished run as named columns."""
