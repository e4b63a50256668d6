"""Where independent jobs run: this process, other processes, a cluster."""
