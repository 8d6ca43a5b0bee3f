"""Asset checks: one module a stage; wiring only. What they assert is found out in ``quality``."""
