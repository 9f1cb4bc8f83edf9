package functions

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/functions/followers"
)

// Each trigger of the deployment table calls an existing function, each function has a trigger, and no
// function accepts a call without a token.
func TestFunctionsEqualTheTable(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
	t.Setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:1")
	t.Setenv("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:1")
	service, err := Open(t.Context(), environment.Map(map[string]string{
		"GOOGLE_CLOUD_PROJECT": "demo-test", "OIDC_AUDIENCE": "https://functions.test", "ALLOWED_CALLERS": "nobody",
		"TOPICS_QUEUE": "q", "PUSH_URL": "https://push.test", "TASKS_SERVICE_ACCOUNT": "tasks",
		"FOLLOWERS_QUEUE": "q", "FUNCTIONS_URL": "https://functions.test",
	}), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	post := func(path string) int {
		response := httptest.NewRecorder()
		service.Handler.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil))
		return response.Code
	}
	triggers := 0
	for _, trigger := range deployment.Table().Triggers {
		if trigger.Target.Service == "functions" {
			triggers++
			if got := post(trigger.Target.Path); got != http.StatusUnauthorized {
				t.Errorf("POST %s: %d, want 401", trigger.Target.Path, got)
			}
		}
	}
	if n := len(handlers(&deletion.Service{}, &topics{}, &followers.Service{})); n != triggers {
		t.Errorf("%d functions, but %d triggers", n, triggers)
	}
	if got := post("/other"); got != http.StatusNotFound {
		t.Errorf("POST /other: %d, want 404", got)
	}
}
