package deployment

import (
	"slices"

	"heek.kr/heektime/internal/deployment/spec"
)

// project is the variable that every service has.
var project = spec.Variable{
	Name: "GOOGLE_CLOUD_PROJECT", Required: true, Value: spec.ProjectID(),
	Purpose: "project that the service works in, and that the traces in its log belong to",
}

// database is the variable of every service that uses Firestore.
var database = spec.Variable{
	Name: "FIRESTORE_DATABASE", Value: spec.DatabaseID(),
	Purpose: "ID of the Firestore database. It is another than `(default)` after a backup was [restored](restore.md) into a new database",
}

// callerCheck are the variables of a service that checks its callers' identity tokens.
func callerCheck(service string, callers ...string) []spec.Variable {
	return []spec.Variable{{
		Name: "OIDC_AUDIENCE", Required: true, Value: spec.ServiceURL(service),
		Purpose: "audience of callers' tokens: the service's own base URL",
	}, {
		Name: "ALLOWED_CALLERS", Required: true, Value: spec.Emails(callers...),
		Purpose: "service accounts that may call, separated by commas",
	}}
}

// tasksServiceAccount is the variable of services that add tasks.
var tasksServiceAccount = spec.Variable{
	Name: "TASKS_SERVICE_ACCOUNT", Required: true, Value: spec.Emails(TasksAccount), Purpose: "service account the queue authenticates as",
}

// listsBucket is the variable of services that use the objects of course lists.
var listsBucket = spec.Variable{
	Name: "LECTURES_BUCKET", Required: true, Value: spec.BucketName(ListsBucket), Purpose: "bucket of the course lists",
}

// Variables of the services that check passwords.
var (
	apiKey = spec.Variable{
		Name: "FIREBASE_API_KEY", Required: true, Value: spec.APIKey(),
		Purpose: "API key that passwords are checked with. It may be restricted to the Identity Toolkit API, but not to web pages or apps",
	}
	trustedProxies = spec.Variable{
		Name: "TRUSTED_PROXIES", Value: spec.Default("firebase-hosting"),
		Purpose: "address ranges of proxies whose entries in `X-Forwarded-For` are trusted, like `192.0.2.0/24`, separated " +
			"by commas; `firebase-hosting` stands for those of Firebase Hosting. See [sign-in](sign-in.md#the-clients-address)",
	}
	passwordRounds = spec.Variable{
		Name: "PASSWORD_ROUNDS", Value: spec.Default("260000"),
		Purpose: "work of a rejected login in rounds of PBKDF2 with SHA-256: that of the most expensive old hash",
	}
)

// EmulatorVariables are set by the local cloud and never on Google's: they redirect clients to it.
func EmulatorVariables() []string {
	return []string{
		"CLOUD_RUN_EMULATOR_HOST", "CLOUD_TASKS_EMULATOR_HOST", "FCM_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "FIREBASE_EMULATOR_HUB", "FIREBASE_STORAGE_EMULATOR_HOST",
		"FIRESTORE_EMULATOR_HOST", "GCE_METADATA_HOST", "OIDC_CERTS_URL", "STORAGE_EMULATOR_HOST",
	}
}

func variables(groups ...[]spec.Variable) []spec.Variable { return slices.Concat(groups...) }
