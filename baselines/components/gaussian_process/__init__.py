"""A network whose last layer is Bayesian: a Gaussian process over its features (FRCL)."""
