"""What model families expect and return: request bodies, replies and stop reasons."""
