"""ReportFailure: why a run did not finish, in a message a person can act on."""
