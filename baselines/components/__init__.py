"""Networks and plugins that the methods of this package are built from; they import torch."""
