package emulator

import "heek.kr/heektime/emulator/identity"

// FirestoreAddress is where Firestore answers, host:port.
func (c *Cloud) FirestoreAddress() string { return c.firestorePort.Address() }

// AuthAddress is where Authentication answers, host:port.
func (c *Cloud) AuthAddress() string { return c.authPort.Address() }

// StorageAddress is where Cloud Storage answers, host:port.
func (c *Cloud) StorageAddress() string { return c.storagePort.Address() }

// TasksAddress is where Cloud Tasks and Cloud Scheduler answer, host:port.
func (c *Cloud) TasksAddress() string { return c.tasksPort.Address() }

// ConsoleURL is where a browser finds the page to look into the cloud.
func (c *Cloud) ConsoleURL() string { return "http://" + c.consolePort.Address() }

// HubAddress is where the hub answers, host:port.
func (c *Cloud) HubAddress() string { return c.hubPort.Address() }

// HostingAddress is where the web app answers, host:port, "" when there is none.
func (c *Cloud) HostingAddress() string {
	if c.hostingPort == nil {
		return ""
	}
	return c.hostingPort.Address()
}

// CertsURL is where the public keys of the cloud's tokens are.
func (c *Cloud) CertsURL() string { return "http://" + c.tasksPort.Address() + identity.CertsPath }

// Environment is what makes Google's clients in a process use this cloud.
func (c *Cloud) Environment() map[string]string {
	return map[string]string{
		"GOOGLE_CLOUD_PROJECT":           c.Project,
		"FIRESTORE_EMULATOR_HOST":        c.FirestoreAddress(),
		"FIREBASE_AUTH_EMULATOR_HOST":    c.AuthAddress(),
		"STORAGE_EMULATOR_HOST":          "http://" + c.StorageAddress(), // clients of Node take https without
		"FIREBASE_STORAGE_EMULATOR_HOST": c.StorageAddress(),
		"FIREBASE_EMULATOR_HUB":          c.HubAddress(),
		"CLOUD_TASKS_EMULATOR_HOST":      c.TasksAddress(),
		"GCE_METADATA_HOST":              c.TasksAddress(),
		"OIDC_CERTS_URL":                 c.CertsURL(),
	}
}
