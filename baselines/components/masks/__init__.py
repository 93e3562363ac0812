"""Methods in which each task uses a part of shared weights: PackNet, WSN, SupSup, Piggyback."""
