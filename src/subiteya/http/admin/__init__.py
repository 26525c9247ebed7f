"""The queue dashboard: bull-board's page, and what it asks for."""
