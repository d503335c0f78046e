"""The blocks of a report: what each holds, and how it is computed over a part of a settled run."""
