"""The babynames command."""
