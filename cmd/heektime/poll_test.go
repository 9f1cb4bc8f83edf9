package main

import (
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/refresh"
)

// TestRefreshEndsWhenDevDies checks that a command that waits for a refresh does not wait for a cloud
// that has stopped.
func TestRefreshEndsWhenDevDies(t *testing.T) {
	cloud, err := emulator.Open(emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range cloud.Environment() {
		t.Setenv(name, value)
	}
	client, err := gcp.Firestore(t.Context(), cloud.Project, gcp.DefaultDatabase)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	tasks, err := gcp.Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tasks.Close()
	if err := cloud.Close(); err != nil {
		t.Fatal(err)
	}
	defer func(before time.Duration) { pollTimeout = before }(pollTimeout)
	pollTimeout = 50 * time.Millisecond
	queue := &refresh.Queue{Client: tasks, Name: deployment.Table().QueueName(cloud.Project, deployment.RefreshQueue)}
	task := refresh.Task{School: "가온대학교", Semester: "2026-0900", Slot: time.Now()}
	_, err = waitForTasks(t.Context(), client, queue, []refresh.Task{task}, func(row) {})
	if err == nil || !strings.Contains(err.Error(), "check that heektime dev is still running") {
		t.Errorf("the error is %v", err)
	}
}
