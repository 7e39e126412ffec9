"""Pages anyone may open: home, the catalogue, the choice of language."""
