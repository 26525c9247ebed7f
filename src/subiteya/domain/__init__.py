"""The pure part: words, states, rules and errors. No I/O, no settings, no clock of its own."""
