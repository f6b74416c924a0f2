"""The lab's bench: years from the made world, runs of policies × seeds, kept results, the experiments."""
