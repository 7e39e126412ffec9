"""Problems from and for other formats, in plain Python. What must run is run by a jail from outside."""
