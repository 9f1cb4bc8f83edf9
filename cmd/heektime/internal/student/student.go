// Package student creates a demo student with timetables, so that a developer has data to look at. It
// uses the same APIs as the apps: the auth service, Firebase Authentication, and Firestore and Storage
// under their security rules.
package student

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/schema"
)

// The student's credentials: old apps use the username, new ones the email.
const (
	Username = "demo"
	Email    = Username + "@user.heektime.heek.kr"
	Password = "heektime"
)

// SharedPage is the path of the page of the student's public timetable.
const SharedPage = "/user/" + Username + "/timetable/" + sharedPlan + "/"

const sharedPlan = "plan-000-a"

// Config holds the addresses of the APIs.
type Config struct {
	// Project and Bucket are the names that apps use.
	Project, Bucket string
	// AuthService is the URL of the auth service, without a trailing slash.
	AuthService string
	// Authentication, Firestore and Storage are addresses, host:port.
	Authentication, Firestore, Storage string
}

// plan describes one of the student's timetables.
type plan struct {
	id      string // ten characters
	title   string
	public  bool
	freeDay int // the weekday without lectures, Monday = 0; -1 for none
}

// plans are the timetables of one semester: students keep alternatives until registration is over.
var plans = []plan{
	{id: sharedPlan, title: "1안", public: true, freeDay: -1},
	{id: "plan-000-b", title: "2안 (금요일 공강)", public: true, freeDay: 4},
	{id: "plan-000-c", title: "다 떨어지면", public: false, freeDay: -1},
}

// lecturesPerPlan is the number of lectures in a timetable.
const lecturesPerPlan = 6

// Create creates the student, with timetables for the semester at this document path. It changes
// nothing if the student already has timetables.
func Create(ctx context.Context, cfg Config, semester string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	session, err := signIn(ctx, cfg)
	if err != nil {
		return err
	}
	client, err := session.firestore(ctx, cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	timetables := schema.Timetables(schema.UserRef(client, session.uid))
	first := timetables.Limit(1).Documents(ctx)
	defer first.Stop()
	switch _, err := first.Next(); {
	case err == nil:
		return nil
	case !errors.Is(err, iterator.Done):
		return fmt.Errorf("list the timetables of %s: %w", Username, err)
	}
	if err := claimUsername(ctx, client, session.uid); err != nil {
		return err
	}
	semesterRef := client.Doc(semester)
	list, err := readCourseList(ctx, cfg, semesterRef)
	if err != nil {
		return err
	}
	for i, p := range plans {
		if err := save(ctx, client, timetables.Doc(p.id), semesterRef, p, choose(list, i, p.freeDay)); err != nil {
			return fmt.Errorf("save the timetable %s: %w", p.title, err)
		}
	}
	return nil
}

// claimUsername creates the user document and claims the username, as apps do after the first
// sign-in.
func claimUsername(ctx context.Context, client *firestore.Client, uid string) error {
	index := schema.UsernameRef(client, Username)
	err := client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		switch docs, err := tx.GetAll([]*firestore.DocumentRef{index}); {
		case err != nil:
			return err
		case docs[0].Exists() && schema.UIDOf(docs[0]) == uid:
			return nil
		}
		if err := tx.Set(schema.UserRef(client, uid), schema.User{Username: Username}); err != nil {
			return err
		}
		return tx.Set(index, schema.Username{UID: uid})
	})
	if err != nil {
		return fmt.Errorf("claim the username %s: %w", Username, err)
	}
	return nil
}

// save writes a timetable and its lectures in one transaction, as apps do when they copy one.
func save(ctx context.Context, client *firestore.Client, timetable, semester *firestore.DocumentRef, p plan, lectures schema.CourseList) error {
	visibility := schema.Private
	if p.public {
		visibility = schema.Public
	}
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		if err := tx.Set(timetable, schema.Timetable{Title: p.title, Visibility: visibility, Semester: semester}); err != nil {
			return err
		}
		for _, l := range lectures {
			if err := tx.Create(schema.Lectures(timetable).NewDoc(), l.NewFields()); err != nil {
				return err
			}
		}
		return nil
	})
}
