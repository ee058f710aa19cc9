"""The live server as a stand-alone program, and its seed file."""
