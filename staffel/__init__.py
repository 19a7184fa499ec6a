"""The application: settings, topology, processes and the command line."""
