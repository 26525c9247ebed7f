"""What looks at everything and changes nothing: health and readiness."""
