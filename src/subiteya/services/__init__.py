"""Use cases, one verb-noun module each; a service is one transaction and what follows its commit."""
