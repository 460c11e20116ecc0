"""Lists and photos as they are handed in, made at random, through the real `roster build`."""
