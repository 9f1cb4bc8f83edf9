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

// session is the signed-in student. It is also the credentials for a gRPC connection.
type session struct{ uid, idToken string }

// signIn signs in through the auth service, registering first if necessary, and exchanges the custom
// token at Firebase Authentication.
func signIn(ctx context.Context, cfg Config) (*session, error) {
	var login struct{ UID, Token string }
	credentials := map[string]any{"email": Email, "password": Password}
	status, err := post(ctx, cfg.AuthService+"/login/", credentials, &login)
	if err == nil && status == http.StatusBadRequest {
		if status, err = post(ctx, cfg.AuthService+"/register/", credentials, nil); err == nil && status == http.StatusCreated {
			status, err = post(ctx, cfg.AuthService+"/login/", credentials, &login)
		}
	}
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the auth service returned status %d", status)
	}
	if err != nil {
		return nil, fmt.Errorf("sign in as %s: %w", Email, err)
	}
	var signedIn struct{ IDToken string }
	exchange := "http://" + cfg.Authentication + "/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=local"
	status, err = post(ctx, exchange, map[string]any{"token": login.Token, "returnSecureToken": true}, &signedIn)
	if err == nil && (status != http.StatusOK || signedIn.IDToken == "") {
		err = fmt.Errorf("status %d or no ID token", status)
	}
	if err != nil {
		return nil, fmt.Errorf("sign in as %s with a custom token: %w", Email, err)
	}
	return &session{uid: login.UID, idToken: signedIn.IDToken}, nil
}

// firestore returns Google's client with the student's ID token, so security rules apply.
func (s *session) firestore(ctx context.Context, cfg Config) (*firestore.Client, error) {
	conn, err := grpc.NewClient(cfg.Firestore, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(s))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", cfg.Firestore, err)
	}
	return gcp.Firestore(ctx, cfg.Project, gcp.DefaultDatabase, option.WithGRPCConn(conn))
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (s *session) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + s.idToken}, nil
}

// RequireTransportSecurity returns false, because the local cloud does not use TLS.
func (s *session) RequireTransportSecurity() bool { return false }

// maxResponse bounds the size of a response. A course list has one or two megabytes.
const maxResponse = 64 << 20

// readCourseList reads a semester's course list as apps do: its URL from Firestore, then the object
// from Storage.
func readCourseList(ctx context.Context, cfg Config, semester *firestore.DocumentRef) (schema.CourseList, error) {
	doc, err := semester.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the semester: %w", err)
	}
	listURL := schema.ReadSemester(doc).LecturesURL
	object, ok := strings.CutPrefix(listURL, "gs://"+cfg.Bucket+"/")
	if !ok {
		return nil, fmt.Errorf("the course list of the semester %s is not in the bucket %s: %q", semester.ID, cfg.Bucket, listURL)
	}
	download := "http://" + cfg.Storage + "/v0/b/" + cfg.Bucket + "/o/" + url.PathEscape(object) + "?alt=media"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, download, nil)
	if err != nil {
		return nil, fmt.Errorf("read the course list: %w", err)
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read the course list: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read the course list: Storage returned %s", response.Status)
	}
	return schema.DecodeCourseList(io.LimitReader(response.Body, maxResponse))
}

// post sends JSON and decodes the body of a 200 response into result, unless result is nil.
func post(ctx context.Context, to string, body, result any) (status int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, fmt.Errorf("encode the request to %s: %w", to, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return 0, fmt.Errorf("call %s: %w", to, err)
	}
	req.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK && result != nil {
		err = json.NewDecoder(io.LimitReader(response.Body, maxResponse)).Decode(result)
	}
	return response.StatusCode, err
}
