"""The report: what a run means, in the figures that users rely on."""
