"""The live server as a stand-alone program, and the file that it can be seeded from."""
