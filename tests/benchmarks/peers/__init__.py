"""The peers that this gateway is compared with."""
