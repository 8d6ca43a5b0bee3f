"""What Dagster itself costs: a backfill without work, and its processes at rest."""
