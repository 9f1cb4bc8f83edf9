package student

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/schema"
)

// session is the student, signed in.
type session struct{ uid, idToken string }

// signIn signs in at the auth service, where the student registers the first time, and with its custom token at Firebase
// Authentication.
func signIn(ctx context.Context, cfg Config) (*session, error) {
	var entered struct{ UID, Token string }
	credentials := map[string]any{"email": Address, "password": Password}
	status, err := post(ctx, cfg.AuthService+"/login/", credentials, &entered)
	if err == nil && status == http.StatusBadRequest {
		if status, err = post(ctx, cfg.AuthService+"/register/", credentials, nil); err == nil && status == http.StatusCreated {
			status, err = post(ctx, cfg.AuthService+"/login/", credentials, &entered)
		}
	}
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the auth service answered %d", status)
	}
	if err != nil {
		return nil, fmt.Errorf("sign %s in: %w", Address, err)
	}
	var signedIn struct{ IDToken string }
	exchange := "http://" + cfg.Authentication + "/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=local"
	status, err = post(ctx, exchange, map[string]any{"token": entered.Token, "returnSecureToken": true}, &signedIn)
	if err == nil && (status != http.StatusOK || signedIn.IDToken == "") {
		err = fmt.Errorf("answered with status %d", status)
	}
	if err != nil {
		return nil, fmt.Errorf("sign %s in with a custom token: %w", Address, err)
	}
	return &session{uid: entered.UID, idToken: signedIn.IDToken}, nil
}

// firestore is Google's client with the student's token, whom security rules judge.
func (s *session) firestore(ctx context.Context, cfg Config) (*firestore.Client, error) {
	conn, err := grpc.NewClient(cfg.Firestore, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(s))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", cfg.Firestore, err)
	}
	return gcp.Firestore(ctx, cfg.Project, option.WithGRPCConn(conn))
}

// GetRequestMetadata makes the session credentials of a connection.
func (s *session) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + s.idToken}, nil
}

// RequireTransportSecurity is false: the local cloud has none.
func (s *session) RequireTransportSecurity() bool { return false }

// maxAnswer bounds what is read of an answer: a course list is a megabyte or two.
const maxAnswer = 64 << 20

// load reads a semester's course list as apps do: its address from Firestore, the object from Storage.
func load(ctx context.Context, cfg Config, semester *firestore.DocumentRef) (schema.CourseList, error) {
	doc, err := semester.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the semester: %w", err)
	}
	address := schema.ReadSemester(doc).LecturesURL
	object, ok := strings.CutPrefix(address, "gs://"+cfg.Bucket+"/")
	if !ok {
		return nil, fmt.Errorf("the semester %s has no course list in the bucket %s, but %q", semester.ID, cfg.Bucket, address)
	}
	at := "http://" + cfg.Storage + "/v0/b/" + cfg.Bucket + "/o/" + url.PathEscape(object) + "?alt=media"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, fmt.Errorf("load the course list: %w", err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("load the course list: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("load the course list: Storage answered %s", answer.Status)
	}
	return schema.DecodeCourseList(io.LimitReader(answer.Body, maxAnswer))
}

// post sends JSON and decodes the answer into result, if it is a good one and there is a result.
func post(ctx context.Context, to string, body, result any) (status int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, fmt.Errorf("encode a request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return 0, fmt.Errorf("call %s: %w", to, err)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK && result != nil {
		err = json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(result)
	}
	return answer.StatusCode, err
}
