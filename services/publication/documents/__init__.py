"""Les documents remis : ce qu'ils disent (`donnees`), leurs gabarits (``*.typ``), leur mise en page (`rendu`)."""
