package iam

import (
	"net/http"
	"net/url"
	"strings"
)

// HTTP returns what a request to a REST API needs: Cloud Storage's JSON and XML APIs, Identity Toolkit,
// Cloud Messaging and IAM's Service Account Credentials. exists reports whether an object exists: overwriting one needs
// another permission than creating it. ok is false for a request that this package does not know, and
// needs is empty for one that IAM does not decide about, such as that of a client with an API key.
//
// Sources: https://cloud.google.com/storage/docs/access-control/iam-json,
// https://cloud.google.com/storage/docs/access-control/iam-xml,
// https://cloud.google.com/identity-platform/docs/access-control,
// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
func (p *Policy) HTTP(r *http.Request, exists func(bucket, object string) bool) (needs []Need, ok bool) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/identitytoolkit.googleapis.com/"); ok {
		return p.users(r, rest)
	}
	if strings.HasPrefix(path, "/securetoken.googleapis.com/") {
		return nil, true // refreshes a user's own token
	}
	if IsMessaging(path) {
		return []Need{{"cloudmessaging.messages.create", p.Project()}}, true
	}
	if account, ok := signer(path); ok {
		return []Need{{"iam.serviceAccounts.signBlob", p.ServiceAccount(account)}}, true
	}
	s := storage{r: r, exists: exists}
	return s.needs(p, path)
}

// IsMessaging reports whether a path is one of Cloud Messaging, or of its topic management, for which Google
// documents no permission of its own.
//
// Source: https://firebase.google.com/docs/projects/iam/permissions#messaging
func IsMessaging(path string) bool {
	project, method, found := strings.Cut(strings.TrimPrefix(path, "/v1/projects/"), "/")
	return strings.HasPrefix(path, "/iid/") ||
		found && !strings.Contains(project, "/") && (method == "messages:send" || strings.HasPrefix(method, "registrations/"))
}

// signer returns the account that a path of the Service Account Credentials API signs for.
func signer(path string) (email string, ok bool) {
	project, rest, found := strings.Cut(strings.TrimPrefix(path, "/v1/projects/"), "/serviceAccounts/")
	email, ok = strings.CutSuffix(rest, ":signBlob")
	email, err := url.PathUnescape(email)
	return email, found && ok && err == nil && !strings.Contains(project+email, "/")
}

// userCalls are the permissions of Identity Toolkit's methods, by what follows the project.
var userCalls = map[string]string{
	"/accounts":             "firebaseauth.users.create",
	"/accounts:batchCreate": "firebaseauth.users.create",
	"/accounts:batchDelete": "firebaseauth.users.delete",
	"/accounts:batchGet":    "firebaseauth.users.get",
	"/accounts:delete":      "firebaseauth.users.delete",
	"/accounts:lookup":      "firebaseauth.users.get",
	"/accounts:query":       "firebaseauth.users.get",
	"/accounts:sendOobCode": "firebaseauth.users.sendEmail",
	"/accounts:signUp":      "firebaseauth.users.create",
	"/accounts:update":      "firebaseauth.users.update",
	":createSessionCookie":  "firebaseauth.users.createSession",
	":queryAccounts":        "firebaseauth.users.get",
}

// users returns what a request to Identity Toolkit needs. Without an OAuth token it is a client's own,
// about its own account.
func (p *Policy) users(r *http.Request, path string) ([]Need, bool) {
	if r.Header.Get("Authorization") == "" {
		return nil, true
	}
	version, path, _ := strings.Cut(path, "/")
	call := "/" + path
	if rest, ok := strings.CutPrefix(path, "projects/"); ok {
		if i := strings.IndexAny(rest, "/:"); i >= 0 {
			call = rest[i:]
		}
	}
	permission, ok := userCalls[call]
	if version == "v2" && call == "/config" {
		permission, ok = "firebaseauth.configs.get", true
		if r.Method != http.MethodGet {
			permission = "firebaseauth.configs.update"
		}
	}
	return []Need{{permission, p.Project()}}, ok
}

// storage is a request to Cloud Storage.
type storage struct {
	r      *http.Request
	exists func(bucket, object string) bool
}

// prefixes are those of the JSON API, which clients use for uploads, downloads and everything else.
var prefixes = []string{"/upload/storage/v1/b/", "/download/storage/v1/b/", "/storage/v1/b/", "/b/"}

func (s storage) needs(p *Policy, path string) ([]Need, bool) {
	if path == "/storage/v1/b" || path == "/b" {
		return []Need{{map[string]string{"GET": "storage.buckets.list", "POST": "storage.buckets.create"}[s.r.Method], p.Project()}}, true
	}
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			return s.json(strings.Split(rest, "/"), strings.HasPrefix(prefix, "/upload/"))
		}
	}
	bucket, object, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if bucket == "" || object == "" {
		return nil, false
	}
	return s.object(bucket, object, s.r.Method == http.MethodPut)
}

// json handles bucket, bucket/o, bucket/o/object and bucket/o/object/action/….
func (s storage) json(path []string, upload bool) ([]Need, bool) {
	bucket := path[0]
	switch {
	case len(path) == 1:
		permission, ok := map[string]string{
			"GET": "storage.buckets.get", "PATCH": "storage.buckets.update", "PUT": "storage.buckets.update", "DELETE": "storage.buckets.delete",
		}[s.r.Method]
		return []Need{{permission, bucketName(bucket)}}, ok
	case path[1] != "o":
		return nil, false
	case len(path) == 2 && upload:
		if s.r.URL.Query().Get("upload_id") != "" {
			return nil, true // its first request was checked
		}
		return s.create(bucket, s.r.URL.Query().Get("name")), true
	case len(path) == 2:
		return []Need{{"storage.objects.list", bucketName(bucket)}}, s.r.Method == http.MethodGet
	case len(path) == 3:
		return s.object(bucket, path[2], false)
	}
	return s.copy(bucket, path[2], path[3:])
}

// object returns what a request for one object needs. name is escaped.
func (s storage) object(bucket, name string, put bool) ([]Need, bool) {
	name, err := url.PathUnescape(name)
	on := objectName(bucket, name)
	switch {
	case err != nil:
		return nil, false
	case put: // by the XML API
		return s.create(bucket, name), true
	}
	switch s.r.Method {
	case http.MethodGet, http.MethodHead:
		return []Need{{"storage.objects.get", on}}, true
	case http.MethodPatch, http.MethodPut:
		return []Need{{"storage.objects.get", on}, {"storage.objects.update", on}}, true
	case http.MethodDelete:
		return []Need{{"storage.objects.delete", on}}, true
	}
	return nil, false
}

// copy returns what compose, copyTo, rewriteTo and moveTo need.
func (s storage) copy(bucket, name string, path []string) ([]Need, bool) {
	source, err := url.PathUnescape(name)
	if err != nil {
		return nil, false
	}
	from := Need{"storage.objects.get", objectName(bucket, source)}
	switch {
	case len(path) == 1 && path[0] == "compose":
		return append(s.create(bucket, source), Need{"storage.objects.get", bucketName(bucket)}), true
	case len(path) == 3 && path[0] == "moveTo":
		return append(s.create(bucket, path[2]), Need{"storage.objects.move", from.Resource}), true
	case len(path) == 5 && (path[0] == "copyTo" || path[0] == "rewriteTo"):
		return append(s.create(path[2], path[4]), from), true
	}
	return nil, false
}

// create returns what writing an object needs. Who overwrites one deletes it.
func (s storage) create(bucket, name string) []Need {
	needs := []Need{{"storage.objects.create", objectName(bucket, name)}}
	if s.r.URL.Query().Get("ifGenerationMatch") != "0" && s.exists != nil && s.exists(bucket, name) {
		needs = append(needs, Need{"storage.objects.delete", needs[0].Resource})
	}
	return needs
}
