package functions_test

import (
	"testing"

	"heek.kr/heektime/internal/deployment/deploymenttest"
	"heek.kr/heektime/internal/functions"
)

func TestEnvironmentEqualsTheTable(t *testing.T) {
	deploymenttest.TestEnvironment(t, "functions", "../..", functions.Open)
}

func TestStuckBodies(t *testing.T) {
	deploymenttest.TestStuckBodies(t, "functions", "../..", functions.Open, "/timetable-deleted", "/user-deleted", "/lecture-written", "/subscription-deleted", "/follow-written",
		"/count-followers")
}
