"""Pictures, video and sound in and out, as streams."""
