"""Host side of chips: what goes onto them, images of it, and the way there."""
