"""Who is told what went wrong, and that all went well: incidents, messages, channels. Knows no Dagster."""
