"""Relevance mappings: shared weights, each multiplied by a relevance of its own per task."""
