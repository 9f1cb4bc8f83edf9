package spec

import (
	"regexp"
	"strings"
)

// Variable is an environment variable of a service.
type Variable struct {
	Name string
	// Purpose says what the service uses the variable for.
	Purpose string
	// Required variables must be set: without one the service does not start.
	Required bool
	// Value says where the variable gets its value.
	Value Value
}

// Value says where a variable gets its value. The functions below make one.
type Value struct {
	Kind Kind
	// Text is the constant, the default, or the id of the service, bucket, queue, secret or file.
	Text string
	// Accounts are the ids of service accounts, for [KindEmails].
	Accounts []string
}

// Kind is the kind of a value.
type Kind string

// The kinds of values.
const (
	KindConstant   Kind = "constant"
	KindDefault    Kind = "default"
	KindProjectID  Kind = "project id"
	KindServiceURL Kind = "service URL"
	KindBucketName Kind = "bucket name"
	KindQueueName  Kind = "queue name"
	KindEmails     Kind = "e-mail addresses"
	KindSecret     Kind = "secret"
	KindFile       Kind = "file"
	KindAPIKey     Kind = "API key"
	KindOrigins    Kind = "origins"
	KindSiteURL    Kind = "site URL"
	KindDatabase   Kind = "database id"
)

// Constant is the same everywhere.
func Constant(text string) Value { return Value{Kind: KindConstant, Text: text} }

// Default leaves the variable unset; text is what the service uses instead, "" for nothing.
func Default(text string) Value { return Value{Kind: KindDefault, Text: text} }

// ProjectID is the id of the project.
func ProjectID() Value { return Value{Kind: KindProjectID} }

// DatabaseID is the id of the Firestore database that services use, [DefaultDatabase] where a [Place]
// has no other.
func DatabaseID() Value { return Value{Kind: KindDatabase} }

// ServiceURL is a service's base URL, which also is the audience of identity tokens for it.
func ServiceURL(service string) Value { return Value{Kind: KindServiceURL, Text: service} }

// BucketName is the name of a bucket.
func BucketName(id string) Value { return Value{Kind: KindBucketName, Text: id} }

// QueueName is the full resource name of a queue.
func QueueName(id string) Value { return Value{Kind: KindQueueName, Text: id} }

// Emails are the addresses of service accounts, separated by commas.
func Emails(accounts ...string) Value { return Value{Kind: KindEmails, Accounts: accounts} }

// SecretValue is the newest version of a secret. An optional variable is set only while the secret
// has one.
func SecretValue(id string) Value { return Value{Kind: KindSecret, Text: id} }

// FilePath is where a file of the service's image is.
func FilePath(path string) Value { return Value{Kind: KindFile, Text: path} }

// APIKey is the project's API key for the Identity Toolkit API.
func APIKey() Value { return Value{Kind: KindAPIKey} }

// Origins are the origins of the web apps, separated by commas.
func Origins() Value { return Value{Kind: KindOrigins} }

// SiteURL is where clients reach the service through Hosting.
func SiteURL() Value { return Value{Kind: KindSiteURL} }

// variableName is the portable form of a name; Cloud Run itself accepts more.
//
// Source: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// reservedVariable reports whether Cloud Run sets the variable itself.
//
// Source: https://cloud.google.com/run/docs/container-contract#env-vars
func reservedVariable(name string) bool {
	return name == "PORT" || strings.HasPrefix(name, "K_") || strings.HasPrefix(name, "CLOUD_RUN_") || strings.HasPrefix(name, "X_GOOGLE_")
}

// maxVariables is how many variables a service can have.
//
// Source: https://cloud.google.com/run/docs/configuring/services/environment-variables
const maxVariables = 1000

func (d *Deployment) checkEnvironment(f *faults, s *Service) {
	if len(s.Environment) > maxVariables {
		f.addf("%d environment variables: Cloud Run allows %d", len(s.Environment), maxVariables)
	}
	seen := map[string]bool{}
	for _, v := range s.Environment {
		f := f.in("variable", v.Name)
		f.unique(seen, v.Name)
		switch {
		case !variableName.MatchString(v.Name):
			f.addf("a name has upper-case letters, digits and underscores, and starts with a letter")
		case reservedVariable(v.Name):
			f.addf("Cloud Run sets it itself")
		}
		if v.Purpose == "" {
			f.addf("it has no purpose")
		}
		if v.Required && (v.Value.Kind == KindDefault || v.Value.Kind == KindDatabase) {
			f.addf("it is required, but may be left unset")
		}
		d.checkValue(f, s, v.Value)
	}
}

// checkValue checks that what a value refers to exists.
func (d *Deployment) checkValue(f *faults, s *Service, v Value) {
	ok := true
	switch v.Kind {
	case KindConstant:
		ok = v.Text != ""
	case KindServiceURL:
		_, ok = d.Service(v.Text)
	case KindBucketName:
		_, ok = d.Bucket(v.Text)
	case KindQueueName:
		_, ok = d.Queue(v.Text)
	case KindSecret:
		_, ok = d.Secret(v.Text)
	case KindFile:
		_, ok = find(s.Files, func(file *File) bool { return file.Path == v.Text })
	case KindEmails:
		for _, id := range v.Accounts {
			if _, exists := d.Account(id); !exists {
				f.addf("account %q does not exist", id)
			}
		}
		ok = len(v.Accounts) > 0
	case KindDefault, KindProjectID, KindDatabase, KindAPIKey, KindOrigins, KindSiteURL:
	default:
		f.addf("kind of value %q is unknown", v.Kind)
	}
	if !ok {
		f.addf("its %s %q does not exist", v.Kind, v.Text)
	}
}
