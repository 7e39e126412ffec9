"""High assurance: the same job in a container of an OCI runtime, `runsc` (gVisor) or `crun`."""
