package emulator_test

import (
	"path/filepath"
	"testing"

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

func environment(cloud *emulatortest.Cloud) []string {
	var env []string
	for name, value := range cloud.Environment() {
		env = append(env, name+"="+value)
	}
	return env
}
