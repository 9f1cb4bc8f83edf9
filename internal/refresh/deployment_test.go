package refresh_test

import (
	"testing"

	"heek.kr/heektime/internal/deployment/deploymenttest"
	"heek.kr/heektime/internal/refresh"
)

func TestEnvironmentMatchesDeployment(t *testing.T) {
	deploymenttest.TestEnvironment(t, "refresh", "../..", refresh.Open)
}

func TestStuckBodies(t *testing.T) {
	deploymenttest.TestStuckBodies(t, "refresh", "../..", refresh.Open, "/refresh", "/schedule")
}
