"""Relevance mappings: weights shared by all tasks, each multiplied by a relevance of its task."""
