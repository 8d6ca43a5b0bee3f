"""What the campaigns that crash things have in common."""
