"""Scripts that inject faults, each bounded in time. Those that take long are marked as slow."""
