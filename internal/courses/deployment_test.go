package courses_test

import (
	"testing"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/deployment/deploymenttest"
	"heek.kr/heektime/internal/lecturespb"
)

func TestEnvironmentEqualsTheTable(t *testing.T) {
	deploymenttest.TestEnvironment(t, "courses", "../..", courses.Open)
}

func TestStuckBodies(t *testing.T) {
	deploymenttest.TestStuckBodies(t, "courses", "../..", courses.Open, lecturespb.Lectures_GetLectures_FullMethodName)
}
