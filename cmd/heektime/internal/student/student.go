// Package student is a made-up student with timetables, for a developer to look at. Everything goes through the doors that the
// apps go through: the auth service, Firebase Authentication, Firestore and Storage under their security rules.
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

// What the student signs in with: the bare username in old apps, the address in new ones.
const (
	Username = "demo"
	Address  = Username + "@user.heektime.heek.kr"
	Password = "heektime"
)

// Config says where the apps' doors are.
type Config struct {
	// Project and Bucket that apps are configured with.
	Project, Bucket string
	// AuthService is the URL of the auth service, without a slash at the end.
	AuthService string
	// Authentication, Firestore and Storage are host:port each.
	Authentication, Firestore, Storage string
}

// Plan is a timetable that the student has.
type Plan struct {
	// ID of the timetable, ten characters.
	ID string
	// Title that stands above it.
	Title string
	// Public is whether others may see it.
	Public bool
	// FreeDay is the weekday without a lecture, Monday = 0; -1 when there is none.
	FreeDay int
}

// plans of one semester: a student keeps several, until the registration decides.
var plans = []Plan{
	{ID: "plan-000-a", Title: "1안", Public: true, FreeDay: -1},
	{ID: "plan-000-b", Title: "2안 (금요일 공강)", Public: true, FreeDay: 4},
	{ID: "plan-000-c", Title: "다 떨어지면", Public: false, FreeDay: -1},
}

// lecturesOf is how many lectures a plan has.
const lecturesOf = 6

// Enrol gives the student timetables of a semester, by its path. What is there already stays as it is, so it
// can be called at every start.
func Enrol(ctx context.Context, cfg Config, semester string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	me, err := signIn(ctx, cfg)
	if err != nil {
		return err
	}
	client, err := me.firestore(ctx, cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	ref := client.Doc(semester)
	timetables := schema.Timetables(schema.UserRef(client, me.uid))
	first := timetables.Limit(1).Documents(ctx)
	defer first.Stop()
	switch _, err := first.Next(); {
	case err == nil:
		return nil
	case !errors.Is(err, iterator.Done):
		return fmt.Errorf("list the timetables of %s: %w", Username, err)
	}
	if err := claim(ctx, client, me.uid); err != nil {
		return err
	}
	list, err := load(ctx, cfg, ref)
	if err != nil {
		return err
	}
	for i, plan := range plans {
		if err := save(ctx, client, timetables.Doc(plan.ID), ref, plan, choose(list, i, plan.FreeDay)); err != nil {
			return fmt.Errorf("save the timetable %s: %w", plan.Title, err)
		}
	}
	return nil
}

// claim makes the user document and takes the username, as apps do after the first sign-in.
func claim(ctx context.Context, client *firestore.Client, uid string) error {
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
		return fmt.Errorf("take the username %s: %w", Username, err)
	}
	return nil
}

// save writes a timetable and its lectures in one batch, as apps do when they copy one.
func save(ctx context.Context, client *firestore.Client, timetable, semester *firestore.DocumentRef, plan Plan, lectures schema.CourseList) error {
	visibility := schema.Private
	if plan.Public {
		visibility = schema.Public
	}
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		if err := tx.Set(timetable, schema.Timetable{Title: plan.Title, Visibility: visibility, Semester: semester}); err != nil {
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
