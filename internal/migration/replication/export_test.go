package replication

// LogHidden is exported for tests.
const LogHidden = logHidden
