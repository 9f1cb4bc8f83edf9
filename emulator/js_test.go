package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/sdktest"
)

// Firebase's own library for testing security rules runs unchanged.
func TestRulesUnitTesting(t *testing.T) {
	t.Parallel()
	sdktest.SDKs(t)
	cloud := emulatortest.Start(t)
	rules, err := filepath.Abs("rules/testdata/timetable.rules")
	if err != nil {
		t.Fatal(err)
	}
	sdktest.RunNode(t, "v12", "jstest/rules.test.mjs", append(environment(cloud), "PROJECT="+cloud.Project, "FIRESTORE_RULES="+rules)...)
}

// The Admin SDK for Node runs unchanged.
func TestAdminSDK(t *testing.T) {
	t.Parallel()
	sdktest.SDKs(t)
	cloud := emulatortest.Start(t)
	sdktest.RunNode(t, "admin", "jstest/admin.test.mjs", environment(cloud)...)
}

// The task queues of the Admin SDK for Node run unchanged.
func TestAdminTaskQueues(t *testing.T) {
	t.Parallel()
	sdktest.SDKs(t)
	type request struct {
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	}
	requests := make(chan request, 100)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/received" {
			select {
			case next := <-requests:
				json.NewEncoder(w).Encode(next)
			case <-r.Context().Done():
			}
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read a task's body: %v", err)
		}
		headers := map[string]string{}
		for name := range r.Header {
			headers[name] = r.Header.Get(name)
		}
		requests <- request{r.RequestURI, headers, string(body)}
	}))
	t.Cleanup(target.Close)
	cloud := emulatortest.Start(t, func(cfg *emulator.Config) {
		cfg.Functions = map[string]string{"resize": target.URL + "/declared"}
		cfg.FunctionsAddress = strings.TrimPrefix(target.URL, "http://")
	})
	sdktest.RunNode(t, "admin", "jstest/tasks.test.mjs", append(environment(cloud), "TARGET="+target.URL)...)
}

// The Admin SDK for Node sends messages and manages topics.
func TestAdminMessaging(t *testing.T) {
	t.Parallel()
	sdktest.SDKs(t)
	cloud := emulatortest.Start(t)
	sdktest.RunNode(t, "admin", "jstest/messaging.test.mjs", environment(cloud)...)
}

func environment(cloud *emulatortest.Cloud) []string {
	var env []string
	for name, value := range cloud.Environment() {
		env = append(env, name+"="+value)
	}
	return env
}
