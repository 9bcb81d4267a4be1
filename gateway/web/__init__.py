"""HTTP: transport, who is asking."""
