"""What a run leaves behind: tables and a summary."""
