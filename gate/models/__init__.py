"""Networks: build, detect, align, embed, match."""
