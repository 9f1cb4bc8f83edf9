package courses_test

import (
	"testing"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/deployment/deploymenttest"
)

func TestEnvironmentEqualsTheTable(t *testing.T) {
	deploymenttest.TestEnvironment(t, "courses", "../..", courses.Open)
}
