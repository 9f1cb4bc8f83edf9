package doctor

import (
	"maps"
	"slices"
)

func checkProject(e *examination) {
	if e.State.Project.State != "ACTIVE" {
		e.errorf("project "+e.Options.Project, "is %s", e.State.Project.State).because(
			"everything in it is deleted after 30 days", "gcloud projects undelete %s", e.Options.Project)
	}
}

// requiredAPIs are the APIs that the deployment works with, or that this command reads.
var requiredAPIs = map[string]string{
	apiKeysAPI:                             "holds the API keys",
	artifactAPI:                            "holds the images",
	credentialsAPI:                         "signs custom tokens",
	eventarcAPI:                            "sends Firestore's events to functions",
	firestoreAPI:                           "holds the documents",
	iamAPI:                                 "holds the service accounts",
	identityAPI:                            "signs users in",
	monitoringAPI:                          "evaluates the alerts",
	resourcesAPI:                           "holds the project's roles",
	rulesAPI:                               "holds the security rules",
	runAPI:                                 "runs the services",
	schedulerAPI:                           "calls the services on schedule",
	secretsAPI:                             "holds the secrets",
	storageAPI:                             "holds the course lists",
	tasksAPI:                               "holds the refresh queue",
	"firebasestorage.googleapis.com":       "serves the course lists to clients",
	"firebasehosting.googleapis.com":       "serves the web app",
	"logging.googleapis.com":               "holds the logs that alerts count",
	"pubsub.googleapis.com":                "carries Eventarc's events",
	"securetoken.googleapis.com":           "renews users' tokens",
	"eventarcpublishing.googleapis.com":    "receives Firestore's events",
	"fcm.googleapis.com":                   "sends notifications",
	"fcmregistrations.googleapis.com":      "registers browsers for notifications",
	"firebaseinstallations.googleapis.com": "identifies browsers for notifications",
}

func checkAPIs(e *examination) {
	for _, api := range slices.Sorted(maps.Keys(requiredAPIs)) {
		if !e.Enabled[api] {
			e.errorf("API "+api, "is not enabled").because("it "+requiredAPIs[api], "gcloud services enable %s --project=%s", api, e.Options.Project)
		}
	}
}
