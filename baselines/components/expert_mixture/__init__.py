"""A mixture of experts that grows with what none of them explains (CN-DPM)."""
