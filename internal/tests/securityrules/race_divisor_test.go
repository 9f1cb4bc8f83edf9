//go:build !race

package securityrules

// haste divides how much is done of what takes long under the race detector.
const raceDivisor = 1
