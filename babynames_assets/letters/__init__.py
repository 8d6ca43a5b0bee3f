"""Dead letters for people: where they stand, what to do about each, and files of them."""
