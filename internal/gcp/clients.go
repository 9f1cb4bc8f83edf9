// Package gcp opens Google's official clients and closes them together.
//
// Opening a client makes no request. The clients find the local cloud through the usual environment
// variables (FIRESTORE_EMULATOR_HOST and the like). The Go clients of Cloud Tasks, Cloud Run and Cloud
// Messaging have no such variable, so this package adds one for each.
package gcp

import (
	"context"
	"errors"
	"fmt"
	"io"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/messaging"

	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/environment"
)

// Project reads the project ID from a service's environment.
func Project(env *environment.Variables) string {
	return env.Required("GOOGLE_CLOUD_PROJECT", "the project that the service works in")
}

// DefaultDatabase is the database of a project that clients use unless they are told otherwise.
const DefaultDatabase = spec.DefaultDatabase

// Database reads the ID of the Firestore database from a service's environment. All of a project's
// services use the same one: [DefaultDatabase], except after a backup was restored into another one.
func Database(env *environment.Variables) string {
	return env.OptionalMatch("FIRESTORE_DATABASE", DefaultDatabase, spec.DatabaseIDs, spec.DatabaseIDForm)
}

// CheckDatabase returns an error if Google does not accept the ID of a database.
func CheckDatabase(id string) error {
	if !spec.DatabaseIDs.MatchString(id) {
		return fmt.Errorf("database %q: an ID is %s", id, spec.DatabaseIDForm)
	}
	return nil
}

// Clients opens the clients of a service and owns them. Its methods return nil after the first
// error, which [Clients.Err] reports:
//
//	clients := gcp.NewClients(project, gcp.Database(env))
//	defer clients.CloseOnError(&err)
//	firestore, storage := clients.Firestore(ctx), gcp.OpenStorage(ctx, clients)
//	if err := clients.Err(); err != nil { … }
//
// Each kind of client is opened by a function of its own, so that the linker can drop unused kinds.
type Clients struct {
	project  string
	database string
	opened   []io.Closer
	err      error
}

// NewClients opens nothing yet. database is the ID of the Firestore database; see [Database].
func NewClients(project, database string) *Clients {
	return &Clients{project: project, database: database}
}

// Firestore opens a client for the database.
func (c *Clients) Firestore(ctx context.Context) *firestore.Client {
	return own(c, func() (*firestore.Client, error) { return Firestore(ctx, c.project, c.database) })
}

// OpenStorage opens a client of Cloud Storage that closes with c's others. It is not a method of [Clients]:
// a package that uses a type with *storage.Client in its fields or methods compiles some 1,400 generic
// functions of OpenTelemetry, which takes two seconds of processor time.
func OpenStorage(ctx context.Context, c *Clients) *storage.Client {
	return own(c, func() (*storage.Client, error) { return Storage(ctx) })
}

// Tasks opens a client of Cloud Tasks.
func (c *Clients) Tasks(ctx context.Context) *cloudtasks.Client {
	return own(c, func() (*cloudtasks.Client, error) { return Tasks(ctx) })
}

// Authentication opens the Admin SDK's client of Firebase Authentication, which has nothing to close.
// account signs custom tokens; see [Authentication].
func (c *Clients) Authentication(ctx context.Context, account string) *auth.Client {
	if c.err != nil {
		return nil
	}
	client, err := Authentication(ctx, c.project, account)
	c.err = err
	return client
}

// Messaging opens the Admin SDK's client of Cloud Messaging, which has nothing to close.
func (c *Clients) Messaging(ctx context.Context) *messaging.Client {
	if c.err != nil {
		return nil
	}
	client, err := Messaging(ctx, c.project)
	c.err = err
	return client
}

// own opens a client and closes it with the others.
func own[T io.Closer](c *Clients, open func() (T, error)) (client T) {
	if c.err != nil {
		return client
	}
	if client, c.err = open(); c.err == nil {
		c.Own(client)
	}
	return client
}

// Own adds something to close with the clients, before those that were opened earlier.
func (c *Clients) Own(closer io.Closer) { c.opened = append(c.opened, closer) }

// Err returns the first error of opening a client.
func (c *Clients) Err() error { return c.err }

// Close closes everything, the last opened first.
func (c *Clients) Close() error {
	var errs []error
	for i := len(c.opened) - 1; i >= 0; i-- {
		errs = append(errs, c.opened[i].Close())
	}
	c.opened = nil
	return errors.Join(errs...)
}

// CloseOnError closes everything if *err is set. A function that opens a service defers it, so that
// a start that fails halfway leaves nothing open.
func (c *Clients) CloseOnError(err *error) {
	if *err != nil {
		*err = errors.Join(*err, c.Close())
	}
}
