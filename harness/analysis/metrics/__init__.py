"""The derived metrics: one module a kind, found by being there (`definition.metrics`)."""
