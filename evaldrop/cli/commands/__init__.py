"""
One module per command: its options, one call, and what it prints.

A command imports what it calls when it is called. `--help` imports all of these modules, and a run waits for
them before its first call: pydantic, numpy, pyarrow and boto3 would add seconds to what takes a sixth of one.
"""
