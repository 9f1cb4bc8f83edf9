package refresh_test

import (
	"context"
	"net/http"
	"testing"

	"google.golang.org/api/option"

	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// process is a separate refresh service with a fault injected at one of its calls to the cloud. Every
// step of a refresh is such a call, so faults can hit before and after each step.
type process struct {
	*faulttest.Process
	ctx     context.Context
	service *refresh.Service
}

func (w *world) process(t testing.TB, id schema.SemesterID, kind faulttest.Fault, at int) *process {
	t.Helper()
	p, ctx := faulttest.New(context.Background(), kind, at)
	return &process{p, ctx, w.service(t, id, func(cfg *refresh.Config) {
		cfg.Firestore = w.FirestoreClient(t, p.DialOptions()...)
		cfg.Push.Client = tasksclient.New(t, w.TasksAddress(), p.DialOptions()...)
		cfg.Storage = storageclient.New(t, w.StorageAddress(), option.WithHTTPClient(&http.Client{Transport: p}))
	})}
}

func (p *process) refresh(task refresh.Task) (*refresh.Run, error) {
	return p.service.Refresh(p.ctx, task)
}

// healthy returns a process without a fault.
func (w *world) healthy(t testing.TB, id schema.SemesterID) *process {
	return w.process(t, id, faulttest.None, 0)
}
