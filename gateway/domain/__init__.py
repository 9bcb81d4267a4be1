"""The words everyone uses. Imports no other floor."""
