// Package actions is the table of what each user's action costs: documents read and written, bytes,
// requests. Its counts are measured: a test of cmd/heektime plays every action with its real client against
// the local cloud, and fails if an action costs more or much less than the table says. docs/cost.md shows
// the table.
//
//	go test ./cmd/heektime -run TestBudgets -update    # measures again, and writes counts.json
//
// The names of the actions and the student whom they are about stand here, the counts in counts.json.
package actions

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// The student of the table: what they have when they act.
const (
	Timetables = 2     // of their own; the newest has Lectures, the other none
	Lectures   = 6     // in a timetable
	Schools    = 1     // that there are
	Semesters  = 2     // of the school
	ListLength = 5_000 // lectures in the course list, less those whose time is unknown
)

// Client is who performs an action.
type Client string

// The clients.
const (
	Ours     Client = "our clients"
	Released Client = "released clients"
	Old      Client = "old apps"
	Services Client = "services by themselves"
)

// Clients are all clients, in the order of the table.
func Clients() []Client { return []Client{Ours, Released, Old, Services} }

// Action is something that a user does with a client, or that services do by themselves.
type Action struct {
	// ID is the action's key in counts.json: "open-warm".
	ID     string
	Client Client
	// Name is the action in a few words, for the table.
	Name string
	Counts
}

// Counts are what an action is billed, in the order of the table. Requests to Authentication are free.
type Counts struct {
	Reads      int64 `json:"reads,omitempty"`      // of Firestore, those of rules included
	RulesReads int64 `json:"rulesReads,omitempty"` // those of rules
	Writes     int64 `json:"writes,omitempty"`
	Deletes    int64 `json:"deletes,omitempty"`
	ClassA     int64 `json:"classA,omitempty"` // operations of Cloud Storage
	ClassB     int64 `json:"classB,omitempty"`
	Run        int64 `json:"run,omitempty"`    // requests to services
	Auth       int64 `json:"auth,omitempty"`   // the client's requests to Authentication
	Tasks      int64 `json:"tasks,omitempty"`  // operations of Cloud Tasks
	Events     int64 `json:"events,omitempty"` // of Eventarc

	// Bytes out, rounded up to two digits. They are approximate.
	FirestoreBytes int64 `json:"firestoreBytes,omitempty"`
	StorageBytes   int64 `json:"storageBytes,omitempty"`
	RunBytes       int64 `json:"runBytes,omitempty"`
	// TransferBytes are those between the bucket and services, which are in other regions.
	TransferBytes int64 `json:"transferBytes,omitempty"`
}

//go:embed counts.json
var counts []byte

// All returns the table.
func All() ([]Action, error) {
	byID := map[string]Counts{}
	if err := json.Unmarshal(counts, &byID); err != nil {
		return nil, fmt.Errorf("decode counts.json: %w", err)
	}
	all := make([]Action, len(names))
	for i, a := range names {
		a.Counts = byID[a.ID]
		all[i] = a
	}
	return all, nil
}

// names are the actions without their counts.
var names = []Action{
	{ID: "sign-up", Client: Ours, Name: "sign up with Firebase"},
	{ID: "choose-username", Client: Ours, Name: "choose a username"},
	{ID: "change-username", Client: Ours, Name: "change it"},
	{ID: "sign-in", Client: Ours, Name: "sign in with Firebase"},
	{ID: "register", Client: Ours, Name: "register an old ID (`run/auth`)"},
	{ID: "login-old-first", Client: Ours, Name: "sign in with an old ID (`run/auth`), the first time: migrates the account"},
	{ID: "login-old", Client: Ours, Name: "… again, in a network that is known"},
	{ID: "open-cold", Client: Ours, Name: "open the app on a fresh device"},
	{ID: "open-warm", Client: Ours, Name: "… within 30 minutes"},
	{ID: "open-later", Client: Ours, Name: "… later"},
	{ID: "open-changed", Client: Ours, Name: "… later, another device added a lecture and removed one"},
	{ID: "schools", Client: Ours, Name: "list the schools"},
	{ID: "semesters", Client: Ours, Name: "list a school's semesters"},
	{ID: "list-cold", Client: Ours, Name: "load a course list"},
	{ID: "list-warm", Client: Ours, Name: "… within 30 minutes, from the HTTP cache"},
	{ID: "list-later", Client: Ours, Name: "… later, from the HTTP cache"},
	{ID: "list-changed", Client: Ours, Name: "… when it has changed: a delta"},
	{ID: "list-changed-whole", Client: Ours, Name: "… when it has changed and there is no delta: the device has none of the last three"},
	{ID: "search", Client: Ours, Name: "search lectures"},
	{ID: "timetables", Client: Ours, Name: "list one's timetables"},
	{ID: "timetable-create", Client: Ours, Name: "create a timetable"},
	{ID: "timetable-rename", Client: Ours, Name: "rename it"},
	{ID: "timetable-share", Client: Ours, Name: "share it, or stop sharing it"},
	{ID: "timetable-duplicate", Client: Ours, Name: "duplicate it"},
	{ID: "timetable-delete", Client: Ours, Name: "delete it, with its lectures"},
	{ID: "lecture-add", Client: Ours, Name: "add a lecture"},
	{ID: "lecture-edit", Client: Ours, Name: "edit it"},
	{ID: "lecture-remove", Client: Ours, Name: "remove it"},
	{ID: "lectures-change", Client: Ours, Name: "add two lectures and remove one, within ten seconds"},
	{ID: "user-find", Client: Ours, Name: "find a user by name"},
	{ID: "shared-list", Client: Ours, Name: "list another user's timetables"},
	{ID: "shared-view", Client: Ours, Name: "view one"},
	{ID: "shared-view-again", Client: Ours, Name: "… again"},
	{ID: "shared-view-anonymous", Client: Ours, Name: "… without signing in"},
	{ID: "account-delete", Client: Ours, Name: "delete one's account"},
	{ID: "account-restore", Client: Ours, Name: "take it back"},

	{ID: "released-open", Client: Released, Name: "open the app: on the web always, on iOS on a fresh device or after 30 minutes"},
	{ID: "released-return", Client: Released, Name: "… on iOS within 30 minutes"},
	{ID: "released-list", Client: Released, Name: "load a course list"},
	{ID: "released-user-find", Client: Released, Name: "find a user by name"},
	{ID: "released-shared-view", Client: Released, Name: "view a shared timetable"},

	{ID: "old-sign-up", Client: Old, Name: "sign up"},
	{ID: "old-sign-in", Client: Old, Name: "sign in"},
	{ID: "old-refresh-token", Client: Old, Name: "… with the refresh token"},
	{ID: "old-me", Client: Old, Name: "open the app: the user"},
	{ID: "old-schools", Client: Old, Name: "… schools and semesters"},
	{ID: "old-timetables", Client: Old, Name: "… timetables, one with 6 lectures"},
	{ID: "old-list", Client: Old, Name: "load a course list"},
	{ID: "old-timetable-create", Client: Old, Name: "create a timetable"},
	{ID: "old-lecture-add", Client: Old, Name: "add a lecture"},
	{ID: "old-lecture-edit", Client: Old, Name: "edit it"},
	{ID: "old-lecture-remove", Client: Old, Name: "remove it"},
	{ID: "old-user-find", Client: Old, Name: "find a user by name"},
	{ID: "old-shared-view", Client: Old, Name: "view their timetables, one with 6 lectures"},

	{ID: "refresh-first", Client: Services, Name: "publish a semester's first list"},
	{ID: "refresh-changed", Client: Services, Name: "refresh a list that has changed"},
	{ID: "refresh-unchanged", Client: Services, Name: "refresh a list that has not"},
	{ID: "schedule", Client: Services, Name: "look for due lists, every 5 minutes: none"},
	{ID: "purge-account", Client: Services, Name: "purge an account with 2 timetables of 6 lectures"},
	{ID: "purge-account-again", Client: Services, Name: "… again, 70 minutes later"},
	{ID: "purge-none", Client: Services, Name: "purge, every hour: nothing to do"},
	{ID: "sweep", Client: Services, Name: "sweep, every week: 2 users with 3 timetables"},
}
