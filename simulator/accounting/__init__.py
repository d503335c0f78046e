"""What a run means: money, energy, emissions, quality and service levels, from the ledger alone."""
