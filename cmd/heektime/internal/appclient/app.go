// Package appclient makes the requests of HeekTime's apps, as the apps make them: to Firestore with listeners, under the
// security rules; to Authentication, the auth service and Cloud Storage; and to the REST API of old apps. What an
// app asks for, and when, is its caller's: heektime simulate plays a month with it, heektime bench registration a
// minute.
package appclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/gcp"
)

// Cloud is where apps send their requests.
type Cloud struct {
	Project, Bucket string
	// Authentication and Storage are addresses, host:port.
	Authentication, Storage string
	// Auth and REST are the URLs of the auth service and of the REST API, without a trailing slash.
	Auth, REST string
	HTTP       *http.Client
}

// Connection is a connection to Firestore, which many apps may share.
type Connection struct {
	Client *firestore.Client
	raw    pb.FirestoreClient
	conn   *grpc.ClientConn
}

// Connect connects to the Firestore emulator at an address.
func Connect(ctx context.Context, project, address string) (*Connection, error) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("connect to Firestore at %s: %w", address, err)
	}
	client, err := gcp.Firestore(ctx, project, gcp.DefaultDatabase, option.WithGRPCConn(conn))
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &Connection{client, pb.NewFirestoreClient(conn), conn}, nil
}

// Close closes the connection.
func (c *Connection) Close() error { return c.conn.Close() }

// App is the app of a student. It is not safe for concurrent use.
type App struct {
	*Cloud
	*Connection
	// IDToken is the student's. Requests to Firestore carry it.
	IDToken string
	// Header adds to the header of each HTTP request; nil adds nothing.
	Header func(http.Header)
	// OnRequest is called before each request; nil is not called.
	OnRequest func()
}

func (a *App) request() {
	if a.OnRequest != nil {
		a.OnRequest()
	}
}

// Context returns the context of a request to Firestore, which is part of an action.
func (a *App) Context(ctx context.Context, action string) context.Context {
	a.request()
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+a.IDToken, strings.ToLower(billing.ActionHeader), action)
}

// Toolkit returns the URL of a call of Authentication.
func (c *Cloud) Toolkit(call string) string {
	return "http://" + c.Authentication + "/identitytoolkit.googleapis.com/v1/" + call + "?key=local"
}

// Session is what Authentication returns when somebody has signed in.
type Session struct{ UID, IDToken, RefreshToken string }

// SignIn signs in through the auth service: it returns a custom token, which Authentication takes.
func (a *App) SignIn(ctx context.Context, action, email, password string) (*Session, error) {
	var login struct{ UID, Token string }
	credentials := map[string]any{"email": email, "password": password}
	if err := a.JSON(ctx, action, Request{Method: "POST", URL: a.Auth + "/login/", Body: credentials}, &login); err != nil {
		return nil, err
	}
	session := &Session{}
	err := a.JSON(ctx, action, Request{
		Method: "POST", URL: a.Toolkit("accounts:signInWithCustomToken"), Body: map[string]any{"token": login.Token, "returnSecureToken": true},
	}, session)
	session.UID = login.UID
	return session, err
}

// object returns the URL of an object in Firebase's API of Cloud Storage.
func (c *Cloud) object(name string) string {
	return "http://" + c.Storage + "/v0/b/" + c.Bucket + "/o/" + url.PathEscape(name)
}

// DownloadURL asks for an object's metadata, as getDownloadURL of Firebase's SDKs does.
func (a *App) DownloadURL(ctx context.Context, action, object string) error {
	_, err := a.Do(ctx, action, Request{Method: "GET", URL: a.object(object)})
	return err
}

// Download returns an object as it is sent, which may be compressed.
func (a *App) Download(ctx context.Context, action, object string) ([]byte, error) {
	return a.Do(ctx, action, Request{Method: "GET", URL: a.object(object) + "?alt=media"})
}

// OldTokens are the tokens of the REST API.
type OldTokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// OldSignIn signs in at the REST API.
func (a *App) OldSignIn(ctx context.Context, action, username, password string) (tokens OldTokens, err error) {
	body := map[string]string{"username": username, "password": password}
	err = a.JSON(ctx, action, Request{Method: "POST", URL: a.REST + "/auth/token", Body: body}, &tokens)
	return tokens, err
}
