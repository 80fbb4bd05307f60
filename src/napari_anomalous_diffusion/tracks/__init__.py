"""What comes in: tracks from arrays, tables and files, as one table of tracks."""
