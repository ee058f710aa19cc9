"""The live server as a stand-alone program with its seed file, and the comparison with a real application."""
