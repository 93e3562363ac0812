"""What any method with a function per task is built from; nothing here knows relevance mappings."""
