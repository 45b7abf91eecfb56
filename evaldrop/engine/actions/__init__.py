"""What each type of state does. `flow` knows them all; no other module here knows another."""
