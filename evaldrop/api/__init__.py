"""The HTTP API: one router, behind API Gateway in a stack and behind `evaldrop serve` on one machine."""
