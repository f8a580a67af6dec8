"""What the rooms of many runs share: numerals, printing, statistics, processes, provenance and files of the user."""
