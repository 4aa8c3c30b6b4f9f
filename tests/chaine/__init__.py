"""What the project takes from others: which packages, pinned how, under which licences, with which known holes."""
