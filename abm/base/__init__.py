"""Inputs and tools: calendar, random draws, files and tables, the union's members and parameters."""
