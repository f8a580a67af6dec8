"""The room that plays: phones guess numbers and vote as states, beside the presenter's page."""
