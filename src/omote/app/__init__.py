"""Jobs: one thing that a user does, with consent in, a seal out, progress, and resumption after a crash."""
