"""The command line: `tashika up`, `web`, `worker`, `import`, `publish`, `unpublish`, `status`, `doctor` …"""
