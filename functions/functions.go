// Package functions holds the Cloud Functions that wake when a Firestore document is deleted. Cloud Functions (2nd generation)
// builds the repository as it stands (functions.go beside go.mod leads here), and serves the one that FUNCTION_TARGET names:
//
//	TimetableDeleted  users/{uid}/timetables/{timetable} was deleted: its lectures go
//	UserDeleted       users/{uid} was deleted: the account goes
//
// What they do stands in internal/deletion, so that heektime dev and tests hold it, too. docs/deleting.md explains it, and how
// they are deployed.
package functions

import (
	"context"
	"net/http"
	"os"
	"sync"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/logging"
)

// They are registered as functions of HTTP and not of CloudEvents: the framework gives those no header, so that they could not
// check who calls, and answers what it cannot decode outside 2xx, so that it would come again for a day.
func init() {
	for _, name := range []string{deletion.TimetableDeleted, deletion.UserDeleted} {
		functions.HTTP(name, func(w http.ResponseWriter, r *http.Request) { serve(name, w, r) })
	}
}

// opened are the functions, made when the first event comes: nothing is done at start-up that a request doesn't need.
var opened = sync.OnceValues(func() (map[string]http.Handler, error) {
	env := environment.Process()
	log := logging.New(os.Stdout, env.Optional("GOOGLE_CLOUD_PROJECT", "unknown")).With("service", "functions")
	all, _, err := deletion.Functions(context.Background(), env, log)
	if err != nil {
		log.Error("functions cannot start", "error", err.Error())
	}
	return all, err
})

func serve(name string, w http.ResponseWriter, r *http.Request) {
	all, err := opened()
	if err != nil {
		http.Error(w, "the function is not set up; its log says why", http.StatusInternalServerError)
		return
	}
	all[name].ServeHTTP(w, r)
}
