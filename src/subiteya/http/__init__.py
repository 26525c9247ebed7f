"""The FastAPI application: JSON API, live events, sessions."""
