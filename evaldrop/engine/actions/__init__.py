"""What each type of state does; of a distributed Map `map_runs` says it. `engine.flow` knows them all."""
