package spec_test

import (
	"maps"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

func TestEnvironmentOnGoogleCloud(t *testing.T) {
	const courses, refresh = "https://courses-1.asia-northeast3.run.app", "https://refresh-1.asia-northeast3.run.app"
	const push = "https://push-1.asia-northeast3.run.app"
	got, err := deployment.Table().Environment("refresh", spec.Place{
		Project: "p", URLs: map[string]string{"courses": courses, "refresh": refresh, "push": push},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"GOOGLE_CLOUD_PROJECT":  "p",
		"OIDC_AUDIENCE":         refresh,
		"ALLOWED_CALLERS":       "heektime-scheduler@p.iam.gserviceaccount.com,heektime-tasks@p.iam.gserviceaccount.com",
		"LECTURES_BUCKET":       "p.firebasestorage.app",
		"SCHOOLS_FILE":          "/schools.yaml",
		"REFRESH_QUEUE":         "projects/p/locations/asia-northeast3/queues/refresh",
		"REFRESH_URL":           refresh,
		"TASKS_SERVICE_ACCOUNT": "heektime-tasks@p.iam.gserviceaccount.com",
		"COURSES_URL":           courses,
		"PUSH_QUEUE":            "projects/p/locations/asia-northeast3/queues/push",
		"PUSH_URL":              push,
	}
	if !maps.Equal(got, want) {
		t.Errorf("environment %v, want %v", got, want)
	}
}

func TestEnvironmentNamesAllMissingValues(t *testing.T) {
	_, err := deployment.Table().Environment("compat-server", spec.Place{Project: "p"})
	for _, want := range []string{"FIREBASE_API_KEY", "TOKEN_KEY ", "PUBLIC_URL"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "TOKEN_KEY_OLD") {
		t.Errorf("error %v names an optional variable", err)
	}
}
