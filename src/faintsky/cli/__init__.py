"""The command line. Sub-commands are imported when they are called."""
