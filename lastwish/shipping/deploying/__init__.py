"""Deploy an environment, see what was deployed, go back, stop, tear down: see `Deployments`."""
