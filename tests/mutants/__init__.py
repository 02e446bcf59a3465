"""Every promise of the program, broken on purpose to see a test go red: `make mutants`."""
