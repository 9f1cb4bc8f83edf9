package push_test

import (
	"testing"

	"heek.kr/heektime/internal/deployment/deploymenttest"
	"heek.kr/heektime/internal/push"
)

func TestEnvironmentMatchesDeployment(t *testing.T) {
	t.Setenv("FCM_EMULATOR_HOST", "127.0.0.1:1")
	deploymenttest.TestEnvironment(t, "push", "../..", push.Open)
	deploymenttest.TestStuckBodies(t, "push", "../..", push.Open, "/send", "/topics")
}
