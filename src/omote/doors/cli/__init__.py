"""The command line: verbs over the app's jobs."""
