"""Where a workflow runs: on this machine, on AWS, or on a local AWS."""
