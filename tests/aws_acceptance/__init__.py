"""What cannot be seen without an AWS account: a script for a person who has one. See docs/reliability.md."""
