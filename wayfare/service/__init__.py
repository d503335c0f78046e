"""The service: accepts runs, runs each in a process of its own, and answers over gRPC."""
