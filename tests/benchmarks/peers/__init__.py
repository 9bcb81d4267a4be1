"""What this gateway is measured against."""
