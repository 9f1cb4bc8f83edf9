package emulator

import (
	"encoding/json"
	"maps"

	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/internal/muxserver"
	"heek.kr/heektime/emulator/internal/objects"
)

// FirestoreAddress returns where Firestore listens, host:port.
func (c *Cloud) FirestoreAddress() string { return address(c.firestorePort) }

// AuthAddress returns where Authentication listens, host:port.
func (c *Cloud) AuthAddress() string { return address(c.authPort) }

// StorageAddress returns where Cloud Storage listens, host:port.
func (c *Cloud) StorageAddress() string { return address(c.storagePort) }

// TasksAddress returns where Cloud Tasks, Cloud Scheduler and the Admin API of Cloud Run listen, host:port.
func (c *Cloud) TasksAddress() string { return address(c.tasksPort) }

// MessagingAddress returns where Cloud Messaging listens, host:port.
func (c *Cloud) MessagingAddress() string { return address(c.messagingPort) }

// ConsoleURL returns the address of the page that shows what is in the cloud, "" with Config.NoConsole.
func (c *Cloud) ConsoleURL() string {
	return httpURL(c.consolePort, "")
}

// HubAddress returns where the hub listens, host:port.
func (c *Cloud) HubAddress() string { return address(c.hubPort) }

// HostingAddress returns where the first web app is served, host:port, or "" when there is none.
func (c *Cloud) HostingAddress() string {
	if len(c.hostingPorts) == 0 {
		return ""
	}
	return address(c.hostingPorts[0])
}

// HostingAddresses returns where the web apps are served, in the order of Config.Hosting.
func (c *Cloud) HostingAddresses() []string {
	var all []string
	for _, p := range c.hostingPorts {
		all = append(all, address(p))
	}
	return all
}

// CertsURL returns the address of the public keys of the tokens that Cloud Tasks, Cloud Scheduler,
// triggers and the metadata server issue.
func (c *Cloud) CertsURL() string { return httpURL(c.tasksPort, identity.CertsPath) }

// httpURL returns the URL of a path at a port, "" if its service does not start.
func httpURL(port *muxserver.Server, path string) string {
	if port == nil {
		return ""
	}
	return "http://" + port.Reachable() + path
}

// Environment returns the environment variables that make Google's clients in a process use this
// cloud. There are none for services that do not start.
func (c *Cloud) Environment() map[string]string {
	env := map[string]string{
		"GOOGLE_CLOUD_PROJECT":           c.Project,
		"FIRESTORE_EMULATOR_HOST":        c.FirestoreAddress(),
		"FIREBASE_AUTH_EMULATOR_HOST":    c.AuthAddress(),
		"STORAGE_EMULATOR_HOST":          httpURL(c.storagePort, ""), // Node clients assume https otherwise
		"FIREBASE_STORAGE_EMULATOR_HOST": c.StorageAddress(),
		"FIREBASE_EMULATOR_HUB":          c.HubAddress(),
		"CLOUD_TASKS_EMULATOR_HOST":      c.TasksAddress(),
		"CLOUD_RUN_EMULATOR_HOST":        c.TasksAddress(),
		"FCM_EMULATOR_HOST":              c.MessagingAddress(), // ours: no SDK has such a variable
		"GCE_METADATA_HOST":              c.TasksAddress(),
		"OIDC_CERTS_URL":                 c.CertsURL(),
	}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	return env
}

// CLIEnvironment is [Cloud.Environment] with all that the Firebase CLI sets for a command, as far as there is such an
// emulator here.
func (c *Cloud) CLIEnvironment() map[string]string {
	env := c.Environment()
	env["GCLOUD_PROJECT"], env["FIREBASE_CONFIG"] = c.Project, c.firebaseConfig()
	if at := c.FirestoreAddress(); at != "" {
		env["FIREBASE_FIRESTORE_EMULATOR_ADDRESS"] = at
	}
	return env
}

// firebaseConfig returns what Firebase's Admin SDKs take their options from.
func (c *Cloud) firebaseConfig() string {
	config := map[string]string{"projectId": c.Project}
	bucket := c.Project + ".appspot.com" // the Firebase CLI's
	if _, err := c.Storage.Objects().Bucket(bucket, objects.Conditions{}); err != nil {
		bucket = c.bucket
	}
	if bucket != "" {
		config["storageBucket"] = bucket
	}
	text, err := json.Marshal(config)
	if err != nil { // cannot be: it holds texts
		return ""
	}
	return string(text)
}
