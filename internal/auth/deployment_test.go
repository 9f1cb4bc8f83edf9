package auth_test

import (
	"testing"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/deployment/deploymenttest"
)

func TestEnvironmentEqualsTheTable(t *testing.T) {
	deploymenttest.TestEnvironment(t, "auth", "../..", auth.Open)
}
