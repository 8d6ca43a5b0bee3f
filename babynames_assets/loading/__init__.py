"""The loading engine: from validated files into the warehouse, with every line on the books."""
