"""What `on_dask` is made of: the task that a worker runs, and the cluster that it runs on."""
