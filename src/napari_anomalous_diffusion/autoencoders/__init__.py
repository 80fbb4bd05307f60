"""What looks at the tracks: the autoencoders, the windows they see and the banks they live in."""
