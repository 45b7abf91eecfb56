"""Model families: the bodies that models of a kind take and give, one module each behind `family.Family`."""
