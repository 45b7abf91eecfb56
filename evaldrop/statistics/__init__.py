"""Statistics as pure functions on arrays: seeded, refusing too little data; nothing here reads or writes."""

from evaldrop.statistics.paired import sign_flip_test as sign_flip_test
