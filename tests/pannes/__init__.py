"""Des pannes provoquées sous charge, et le compte de ce qu'elles perdent, doublent ou laissent à moitié."""
