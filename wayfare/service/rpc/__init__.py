"""The gRPC face of the service: servicers, who calls, and what errors mean."""
