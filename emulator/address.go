package emulator

import "heek.kr/heektime/emulator/identity"

// FirestoreAddress returns where Firestore listens, host:port.
func (c *Cloud) FirestoreAddress() string { return c.firestorePort.Address() }

// AuthAddress returns where Authentication listens, host:port.
func (c *Cloud) AuthAddress() string { return c.authPort.Address() }

// StorageAddress returns where Cloud Storage listens, host:port.
func (c *Cloud) StorageAddress() string { return c.storagePort.Address() }

// TasksAddress returns where Cloud Tasks, Cloud Scheduler and the Admin API of Cloud Run listen, host:port.
func (c *Cloud) TasksAddress() string { return c.tasksPort.Address() }

// MessagingAddress returns where Cloud Messaging listens, host:port.
func (c *Cloud) MessagingAddress() string { return c.messagingPort.Address() }

// ConsoleURL returns the address of the page that shows what is in the cloud.
func (c *Cloud) ConsoleURL() string { return "http://" + c.consolePort.Address() }

// HubAddress returns where the hub listens, host:port.
func (c *Cloud) HubAddress() string { return c.hubPort.Address() }

// HostingAddress returns where the web app is served, host:port, or "" when there is none.
func (c *Cloud) HostingAddress() string {
	if c.hostingPort == nil {
		return ""
	}
	return c.hostingPort.Address()
}

// CertsURL returns the address of the public keys of the tokens that Cloud Tasks, Cloud Scheduler,
// triggers and the metadata server issue.
func (c *Cloud) CertsURL() string { return "http://" + c.tasksPort.Address() + identity.CertsPath }

// Environment returns the environment variables that make Google's clients in a process use this
// cloud.
func (c *Cloud) Environment() map[string]string {
	return map[string]string{
		"GOOGLE_CLOUD_PROJECT":           c.Project,
		"FIRESTORE_EMULATOR_HOST":        c.FirestoreAddress(),
		"FIREBASE_AUTH_EMULATOR_HOST":    c.AuthAddress(),
		"STORAGE_EMULATOR_HOST":          "http://" + c.StorageAddress(), // Node clients assume https otherwise
		"FIREBASE_STORAGE_EMULATOR_HOST": c.StorageAddress(),
		"FIREBASE_EMULATOR_HUB":          c.HubAddress(),
		"CLOUD_TASKS_EMULATOR_HOST":      c.TasksAddress(),
		"CLOUD_RUN_EMULATOR_HOST":        c.TasksAddress(),
		"FCM_EMULATOR_HOST":              c.MessagingAddress(), // ours: no SDK has such a variable
		"GCE_METADATA_HOST":              c.TasksAddress(),
		"OIDC_CERTS_URL":                 c.CertsURL(),
	}
}
