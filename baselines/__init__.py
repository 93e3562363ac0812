"""Methods of comparison, one file each. See `interface` for what a method is."""
