package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/schema"
)

// What dev makes is consistent. A lost school is found, and copied back from the past.
func TestCheckDataAndRestore(t *testing.T) {
	config := ports(t)
	dev := heektime(t, "dev", "--config", config)
	stdout, err := dev.StdoutPipe()
	if err == nil {
		err = dev.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
	}
	run := func(want bool, text string, args ...string) {
		t.Helper()
		out, errs, ok := output(t, append(args, "--config", config)...)
		if ok != want || !strings.Contains(out+errs, text) {
			t.Errorf("%v: success = %v, want %v with %q\n%s%s", args, ok, want, text, out, errs)
		}
	}
	run(true, "everything is consistent", "check-data")
	run(true, "everything is consistent", "check-data", "--sample", "1")
	run(false, "the database elsewhere has no documents", "check-data", "--database", "elsewhere")
	before := time.Now().UTC().Format(time.RFC3339Nano)

	files, err := firebase.Find(config)
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := findCloud(t.Context(), http.DefaultClient, files.Address("hub"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FIRESTORE_EMULATOR_HOST", cloud.addresses["firestore"])
	client, err := gcp.Firestore(t.Context(), cloud.project, gcp.DefaultDatabase)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	schools, err := schema.Schools(client).Limit(1).Documents(t.Context()).GetAll()
	if err != nil || len(schools) == 0 {
		t.Fatalf("%d schools, %v", len(schools), err)
	}
	if _, err := schools[0].Ref.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(false, "semester without school", "check-data")
	run(true, "everything is consistent", "check-data", "--at", before)
	run(false, "copy from where?", "restore", "copy", "schools")
	run(false, "--at is", "restore", "copy", "schools", "--at", "yesterday")
	run(true, "nothing was written: add --write", "restore", "copy", "schools", "--at", before)
	run(false, "semester without school", "check-data")
	run(true, "1 documents created, 0 replaced", "restore", "copy", "schools", "--at", before, "--write")
	run(true, "0 documents created, 0 replaced", "restore", "copy", "schools", "--at", before, "--write")
	run(true, "0 documents created, 0 replaced", "restore", "references", "--write")
	run(true, "0 documents created, 0 replaced", "restore", "--write", "references")
	run(true, "everything is consistent", "check-data")
}
