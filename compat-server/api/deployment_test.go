package api_test

import (
	"testing"

	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/internal/deployment/deploymenttest"
)

func TestEnvironmentEqualsTheTable(t *testing.T) {
	deploymenttest.TestEnvironment(t, "compat-server", "../..", api.Open)
}

func TestStuckBodies(t *testing.T) {
	deploymenttest.TestStuckBodies(t, "compat-server", "../..", api.Open, "/users", "/auth/token", "/auth/refresh-token", "/me/timetables")
}
