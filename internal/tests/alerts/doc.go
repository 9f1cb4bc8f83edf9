// Package alerts tests the alerts of the deployment's table with the real services on the local cloud:
// for each alert, one test makes it fire and one keeps it silent, by the lines that the services log.
package alerts
