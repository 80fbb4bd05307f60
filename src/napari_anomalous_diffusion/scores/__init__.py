"""What the autoencoders say: scores, populations and pictures."""
