"""Statistics as pure functions on arrays: seeded, refusing too little data; nothing here reads or writes."""
