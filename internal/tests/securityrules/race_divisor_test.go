//go:build !race

package securityrules

// raceDivisor divides the amount of work of slow tests under the race detector.
const raceDivisor = 1
