package emulator

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/emulator/firebasejson"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/hosting"
	"heek.kr/heektime/emulator/iam"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/triggers"
)

// DefaultProject is the project of a [Config] that names none. The Firebase SDKs treat a project
// whose ID begins with "demo-" as one that has no cloud behind it.
const DefaultProject = "demo-test"

// Config describes a local cloud. The zero value keeps everything in memory, listens on free ports
// of 127.0.0.1, and has no security rules.
type Config struct {
	// Project is the default project, [DefaultProject] when empty. Firestore serves any project;
	// this one owns the buckets and the accounts behind an API key.
	Project string
	// Buckets exist from the start. When nil, there is one, named after the project.
	Buckets []string
	// DataDir keeps everything across restarts. When empty, everything is in memory.
	DataDir string

	// Rules are Firestore's security rules, the content of a firestore.rules file. When nil,
	// everyone may do everything.
	Rules []byte
	// Indexes are the composite indexes, the content of a firestore.indexes.json file. As in
	// production, a query that needs a missing index fails, and the error prints the entry to add.
	Indexes []byte
	// AllowUnindexed runs queries without the composite indexes that production would require.
	AllowUnindexed bool
	// TTL deletes documents half a day after they expire, by the TTL fields in Indexes.
	TTL bool
	// Databases are the IDs of the databases, of whatever project, that have rules and indexes of their own.
	Databases map[string]firestore.DatabaseConfig
	// StorageRules are Cloud Storage's security rules, the content of a storage.rules file. They
	// apply to Firebase's clients. When nil, everyone may do everything.
	StorageRules []byte
	// BucketRules are the rules of buckets that have others.
	BucketRules map[string][]byte
	// AcceptSignedTokens makes Firestore and Cloud Storage accept ID tokens of real projects, without verifying
	// their signatures: use it with rules that no secret depends on.
	AcceptSignedTokens bool
	// Hosting are the web apps to serve, each at a port of its own. When there are none, no port is opened.
	Hosting []*hosting.Site
	// SingleProject logs a warning when a client uses the Firestore of another project than Project: its
	// documents are elsewhere.
	SingleProject bool
	// NoConsole opens no port for the console.
	NoConsole bool
	// Only are the services that start, by their names in firebase.json: "firestore", with its triggers, "auth",
	// "storage", "tasks", with Cloud Scheduler and all else at its port, "messaging", "hosting". When empty, all do. The
	// addresses of the others are "", and their data stay as they are in DataDir.
	Only []string

	// Triggers are registered before anyone can write. Register those whose URL is known only later
	// with [triggers.Server.Register].
	Triggers []triggers.Trigger
	// TriggerFaults deliver events twice, late or out of order.
	TriggerFaults triggers.Faults

	// Functions are the URLs of task queue functions by name, which servers of yours emulate. Each gets the
	// queue that deploying it would create, and the tasks that Firebase's Admin SDKs enqueue to it. A name
	// is in us-central1, Firebase's default, or of the form "locations/LOCATION/functions/NAME", as for the
	// Admin SDKs.
	Functions map[string]string
	// FunctionsAddress is host:port of the Functions emulator of Firebase's suite, which gets the tasks of
	// functions that are not in Functions, at /PROJECT/LOCATION/NAME. When empty, its default address.
	FunctionsAddress string

	// Alerts returns the alerts that the console shows. When nil, it shows none. They are the program's
	// own: the cloud does not evaluate them.
	Alerts func() []console.Alert

	// Prices are what Google charges. When nil, those of [billing.DefaultPrices].
	Prices *billing.Prices

	// Addresses are what the servers listen on.
	Addresses Addresses
	// file is what [Config.UseProject] has read, or empty.
	file *firebasejson.File
	// moves are the names of what may listen on any free port if its default one is in use.
	moves []string
	// AllowedOrigins are web pages, as "https://host", that may call the cloud in addition to those
	// served by this machine or its private network. "*" allows every page. Requests under a host name
	// of the internet are rejected unless it is in this list or in Addresses.
	AllowedOrigins []string
	// IAM says which service accounts may do what. It applies to calls through the addresses of
	// [Cloud.EnvironmentAs], and to the events of triggers. When nil, every account may do everything.
	IAM *iam.Policy
	// AccountServices are the names of the services that the bill shows, by the email of their service account.
	// Others have the part of the email before the @.
	AccountServices map[string]string
	// ServiceAccount is the email of the account that the metadata server calls "default".
	ServiceAccount string
	// Clock is the time that everything runs on. When nil, a new one that shows the machine's time.
	Clock *clock.Clock
	// Logger receives what a developer may want to know. When nil, nothing is logged.
	Logger *slog.Logger
}

// Addresses are host:port each. An empty one is 127.0.0.1 with a free port.
type Addresses struct {
	// Firestore serves gRPC and, over HTTP, REST and the browsers' WebChannel.
	Firestore string
	// Auth serves Identity Toolkit and Secure Token over HTTP.
	Auth string
	// Storage serves Cloud Storage's JSON and XML APIs, and the API of Firebase's clients, over HTTP.
	Storage string
	// Tasks serves Cloud Tasks, Cloud Scheduler and the Admin API of Cloud Run over gRPC and REST, the
	// Firebase Rules API over REST, the metadata server and the public keys of its tokens.
	Tasks string
	// Messaging serves Cloud Messaging, its topic management and the registration of web clients over HTTP.
	Messaging string
	// Console serves the page to inspect the cloud, over HTTP.
	Console string
	// Hub lists the running emulators for tools, over HTTP.
	Hub string
	// Hosting serves the web app over HTTP.
	Hosting string
}

// LoadProject sets Rules, Indexes, Databases, StorageRules, BucketRules, Hosting and NoConsole to what a Firebase
// project's firebase.json names. The Logger gets a warning about each key that has no effect. path is that file or its folder; "" finds the nearest firebase.json in the
// working directory and those above it. The ports of the file are not used: see
// [Config.UseAddresses].
func (c *Config) LoadProject(path string) error {
	file, err := firebasejson.Find(path)
	if err == nil && file.Path == "" {
		err = fmt.Errorf("there is no firebase.json in this folder or above it")
	}
	if err == nil {
		err = c.UseProject(file)
	}
	if err != nil {
		return fmt.Errorf("load the Firebase project: %w", err)
	}
	return nil
}

// UseProject is [Config.LoadProject] for a firebase.json that has been read.
func (c *Config) UseProject(file *firebasejson.File) (err error) {
	if c.Rules, err = file.ReadRules(file.Rules); err != nil {
		return err
	}
	if c.Indexes, err = file.ReadIndexes(file.Indexes); err != nil {
		return err
	}
	if c.StorageRules, err = file.ReadRules(file.StorageRules); err != nil {
		return err
	}
	c.Databases = map[string]firestore.DatabaseConfig{}
	for id, named := range file.Databases {
		var d firestore.DatabaseConfig
		if d.Rules, err = file.ReadRules(named.Rules); err != nil {
			return err
		}
		if d.Indexes, err = file.ReadIndexes(named.Indexes); err != nil {
			return err
		}
		c.Databases[id] = d
	}
	c.BucketRules = map[string][]byte{}
	for bucket, path := range file.BucketRules {
		if c.BucketRules[bucket], err = file.ReadRules(path); err != nil {
			return err
		}
	}
	if c.Logger != nil {
		for _, notice := range file.Notices() {
			c.Logger.Warn(notice, "file", file.Path)
		}
	}
	c.Hosting, c.NoConsole, c.file = file.Hosting, file.NoConsole, file
	return nil
}

// startError says which service did not start, and which files its rules and indexes are from.
func (c *Config) startError(service string, err error, files ...string) error {
	if len(files) == 0 {
		return fmt.Errorf("start %s: %w", service, err)
	}
	return fmt.Errorf("start %s with %s: %w", service, strings.Join(files, ", "), err)
}

// UseAddresses sets Addresses and FunctionsAddress to the ports of a firebase.json, or to the Firebase
// CLI's defaults where it names none. The CLI has no emulator of Cloud Messaging, and its schema of
// firebase.json has no room for one: it gets 9599. Cloud Messaging, the console and the hub get any free port if the
// file names none for them and the default is in use, as the last two do from the CLI.
func (c *Config) UseAddresses(file *firebasejson.File) {
	c.FunctionsAddress = file.Address("functions")
	c.Addresses = Addresses{
		Firestore: file.Address("firestore"), Auth: file.Address("auth"), Storage: file.Address("storage"),
		Tasks: file.Address("tasks"), Messaging: file.Address("messaging"), Console: file.Address("ui"), Hub: file.Address("hub"), Hosting: file.Address("hosting"),
	}
	for _, name := range []string{"messaging", "ui", "hub"} {
		if file.Emulators[name].Port == nil {
			c.moves = append(c.moves, name)
		}
	}
}

// complete fills in the defaults and checks what the servers cannot name as well.
func (c *Config) complete() error {
	c.Project = cmp.Or(c.Project, DefaultProject)
	if err := resource.CheckProjectID(c.Project); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if err := c.checkOnly(); err != nil {
		return err
	}
	for _, origin := range c.AllowedOrigins {
		if err := checkOrigin(origin); err != nil {
			return fmt.Errorf("emulator: %w", err)
		}
	}
	if c.Buckets == nil {
		c.Buckets = []string{c.Project}
	}
	c.ServiceAccount = cmp.Or(c.ServiceAccount, "default@"+c.Project+".iam.gserviceaccount.com")
	for name := range c.Functions {
		if _, err := c.functionQueue(name); err != nil {
			return fmt.Errorf("emulator: Config.Functions: %w", err)
		}
	}
	if c.file == nil {
		c.file = &firebasejson.File{}
	}
	if c.Prices == nil {
		c.Prices = billing.DefaultPrices()
	}
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// functionQueue returns the name of the queue of a task queue function.
func (c *Config) functionQueue(function string) (string, error) {
	location, name := "us-central1", function
	if parts := strings.Split(function, "/"); len(parts) == 4 && parts[0] == "locations" && parts[2] == "functions" {
		location, name = parts[1], parts[3]
	}
	if name == "" || strings.Contains(name, "/") {
		return "", fmt.Errorf("%q is not the name of a function, such as resize or locations/us-central1/functions/resize", function)
	}
	return "projects/" + c.Project + "/locations/" + location + "/queues/" + name, nil
}

// functionURLs returns the URLs of the task queue functions by queue.
func (c *Config) functionURLs() map[string]string {
	urls := map[string]string{}
	for name, target := range c.Functions {
		if queue, err := c.functionQueue(name); err == nil { // complete has checked the names
			urls[queue] = target
		}
	}
	return urls
}

// checkOrigin rejects what no browser sends as an Origin header, such as a URL with a trailing slash:
// it would allow nothing.
func checkOrigin(origin string) error {
	if origin == "*" || origin == "null" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return fmt.Errorf("allowed origin %q is not an origin: write it like https://host or https://host:8443, or * for every page", origin)
	}
	return nil
}
