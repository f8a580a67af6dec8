"""Audience participation: phones guess numbers and vote as states, and the presenter's page shows the answers."""
