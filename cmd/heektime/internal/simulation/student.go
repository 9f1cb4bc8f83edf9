package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/internal/schema"
)

// student is a student with the state of their app.
type student struct {
	profile
	index           int
	random          *rand.Rand // of what they choose, and of IDs
	username, email string
	uid             string
	app             *appclient.App
	refreshToken    string
	issued          time.Time // when the app's ID token was
	access, refresh string    // of the REST API
	accessIssued    time.Time
	address         string // of their network
	plans           []*plan
	listURL         string           // the list in the HTTP cache
	resume          map[int32][]byte // resume tokens of listeners by target
	seen            map[int]*seen    // friends' timetables in the cache, by friend
	synced          time.Time        // when the listener of all lectures was last in sync
	newest          time.Time        // no lecture in the cache is newer
	newestPlan      time.Time        // no listed timetable is newer
	offset          time.Duration    // of the current visit, from the cloud's time
	cacheSchools    bool
	hasCached       bool // what the app shows when it opens
	listensSince    bool // only to lectures that are written after the last visit
}

// plan is a timetable.
type plan struct {
	id       string
	public   bool
	lectures []string // IDs
}

// password is everybody's.
const password = "a simulated password"

// thinks lets time pass between two actions of a student.
func (s *student) thinks() { s.offset += time.Duration(2000+s.random.IntN(6000)) * time.Millisecond }

// newID returns an ID of ten characters, which clients choose.
func (s *student) newID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	id := make([]byte, schema.TimetableIDLength)
	for i := range id {
		id[i] = letters[s.random.IntN(len(letters))]
	}
	return string(id)
}

// forget empties the caches of the app, as with a new phone.
func (s *student) forget() {
	s.listURL, s.synced, s.newest, s.newestPlan, s.hasCached, s.cacheSchools = "", time.Time{}, time.Time{}, time.Time{}, false, false
	s.resume, s.seen = map[int32][]byte{}, map[int]*seen{}
}

// user is the student's document.
func (p *player) user(s *student) *firestore.DocumentRef { return schema.UserRef(p.client, s.uid) }

// timetable is a student's timetable.
func (p *player) timetable(s *student, plan *plan) *firestore.DocumentRef {
	return schema.Timetables(p.user(s)).Doc(plan.id)
}

// signUp creates an account of Authentication, which costs nothing. It happens before the month.
func (p *player) signUp(ctx context.Context, s *student) error {
	var r struct{ LocalID, IDToken, RefreshToken string }
	err := s.app.JSON(ctx, "sign up", appclient.Request{
		Method: "POST", URL: p.cloud.Toolkit("accounts:signUp"),
		Body: map[string]any{"email": s.email, "password": password, "returnSecureToken": true},
	}, &r)
	if err != nil {
		return err
	}
	s.uid, s.app.IDToken, s.refreshToken, s.issued = r.LocalID, r.IDToken, r.RefreshToken, p.now()
	return nil
}

// signInWithService signs in as apps do: a custom token of the auth service, exchanged at
// Authentication. With register it first creates the account.
func (p *player) signInWithService(ctx context.Context, s *student, register bool) error {
	if register {
		credentials := map[string]any{"email": s.email, "password": password}
		if _, err := s.app.Do(ctx, "sign up", appclient.Request{Method: "POST", URL: p.cloud.Auth + "/register/", Body: credentials}); err != nil {
			return err
		}
		s.thinks()
	}
	session, err := s.app.SignIn(ctx, "sign in", s.email, password)
	if err != nil {
		return err
	}
	s.uid, s.app.IDToken, s.refreshToken, s.issued = session.UID, session.IDToken, session.RefreshToken, p.now()
	return nil
}

// idTokenLife is how long an SDK uses an ID token: five minutes less than its hour.
const idTokenLife = 55 * time.Minute

// renew gets a new ID token if the old one is about to expire.
func (p *player) renew(ctx context.Context, s *student) error {
	if p.now().Sub(s.issued) < idTokenLife {
		return nil
	}
	var r struct {
		IDToken      string `json:"id_token"`
		RefreshToken string `json:"refresh_token"`
	}
	err := s.app.JSON(ctx, "renew the session", appclient.Request{
		Method: "POST", URL: "http://" + p.cloud.Authentication + "/securetoken.googleapis.com/v1/token?key=local",
		Body: url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.refreshToken}},
	}, &r)
	if err != nil {
		return err
	}
	s.app.IDToken, s.refreshToken, s.issued = r.IDToken, r.RefreshToken, p.now()
	return nil
}

// claim creates the user's document and claims the username, as apps do after the first sign-in.
func (p *player) claim(ctx context.Context, s *student) error {
	ctx = s.app.Context(ctx, "sign up")
	index := schema.UsernameRef(p.client, s.username)
	err := p.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		if _, err := tx.GetAll([]*firestore.DocumentRef{index}); err != nil {
			return err
		}
		if err := tx.Set(p.user(s), schema.User{Username: s.username}); err != nil {
			return err
		}
		return tx.Set(index, schema.Username{UID: s.uid})
	})
	if err != nil {
		return fmt.Errorf("claim the username %s: %w", s.username, err)
	}
	return nil
}

// makePlan creates a timetable with lectures of a list, in one batch, as apps do when they duplicate one.
func (p *player) makePlan(ctx context.Context, s *student, action string, lectures schema.CourseList) (*plan, error) {
	made := &plan{id: s.newID(), public: len(s.friends) > 0}
	visibility := schema.Private
	if made.public {
		visibility = schema.Public
	}
	ref := p.timetable(s, made)
	err := p.client.RunTransaction(s.app.Context(ctx, action), func(_ context.Context, tx *firestore.Transaction) error {
		made.lectures = nil
		if err := tx.Set(ref, schema.Timetable{Title: fmt.Sprintf("%d안", len(s.plans)+1), Visibility: visibility, Semester: p.semester}); err != nil {
			return err
		}
		for _, l := range lectures {
			id := s.newID() + s.newID()
			if err := tx.Create(schema.LectureRef(ref, id), l.NewFields()); err != nil {
				return err
			}
			made.lectures = append(made.lectures, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	s.plans = append(s.plans, made)
	return made, nil
}

// choose picks lectures of a list.
func (s *student) choose(from schema.CourseList, n int) schema.CourseList {
	var chosen schema.CourseList
	for range n {
		chosen = append(chosen, from[s.random.IntN(len(from))])
	}
	return chosen
}
