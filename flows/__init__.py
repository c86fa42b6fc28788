"""When and in what order things run: the only importers of Prefect."""
