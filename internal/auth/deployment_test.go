package auth_test

import (
	"testing"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/deployment/deploymenttest"
)

func TestEnvironmentEqualsTheTable(t *testing.T) {
	deploymenttest.TestEnvironment(t, "auth", "../..", auth.Open)
}

func TestStuckBodies(t *testing.T) {
	deploymenttest.TestStuckBodies(t, "auth", "../..", auth.Open, "/login/", "/register/", "/account/delete/", "/account/restore/")
}
