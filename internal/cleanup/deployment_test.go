package cleanup_test

import (
	"testing"

	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/deployment/deploymenttest"
)

func TestEnvironmentEqualsTheTable(t *testing.T) {
	deploymenttest.TestEnvironment(t, "cleanup", "../..", cleanup.Open)
}

func TestStuckBodies(t *testing.T) {
	deploymenttest.TestStuckBodies(t, "cleanup", "../..", cleanup.Open, "/purge", "/sweep")
}
