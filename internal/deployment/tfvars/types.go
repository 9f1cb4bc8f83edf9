package tfvars

// table is the type of the variable "deployment" in deploy/table.tf. Maps are keyed by id.
type table struct {
	Region   string             `json:"region"`
	Labels   map[string]string  `json:"labels"`
	Accounts map[string]string  `json:"accounts"` // purposes
	Grants   []grant            `json:"grants"`
	Services map[string]service `json:"services"`
	Queues   map[string]queue   `json:"queues"`
	Jobs     map[string]job     `json:"jobs"`
	Triggers map[string]trigger `json:"triggers"`
	Buckets  map[string]bucket  `json:"buckets"`
	Secrets  map[string]string  `json:"secrets"` // purposes
	Backups  map[string]backup  `json:"backups"`
	Alerts   map[string]alert   `json:"alerts"`
	Images   images             `json:"images"`

	StartupProbe probe `json:"startup_probe"`
}

type images struct {
	Repository  string `json:"repository"`
	Keep        int    `json:"keep"`
	DeleteAfter string `json:"delete_after"`
}

type probe struct {
	TimeoutSeconds   int `json:"timeout_seconds"`
	PeriodSeconds    int `json:"period_seconds"`
	FailureThreshold int `json:"failure_threshold"`
}

type grant struct {
	Account string `json:"account"`
	Role    string `json:"role"`
	// Kind and On are the resource: "project" and "", "bucket" and its id, and so on.
	Kind string `json:"kind"`
	On   string `json:"on"`
}

// backup is a schedule of Firestore's backups. The day is empty for a daily one.
type backup struct {
	Retention string `json:"retention"`
	Day       string `json:"day"`
}

type service struct {
	Account      string              `json:"account"`
	Public       bool                `json:"public"`
	Ingress      string              `json:"ingress"`
	HTTP2        bool                `json:"http2"`
	Timeout      string              `json:"timeout"`
	Memory       string              `json:"memory"`
	CPU          string              `json:"cpu"`
	Concurrency  int                 `json:"concurrency"`
	MinInstances int                 `json:"min_instances"`
	MaxInstances int                 `json:"max_instances"`
	Generation   string              `json:"generation"`
	Environment  map[string]variable `json:"environment"`
}

// variable says where deploy/services.tf finds a value. ID is the constant, or the id of the service,
// bucket, queue or secret.
type variable struct {
	Kind     string   `json:"kind"`
	ID       string   `json:"id"`
	Accounts []string `json:"accounts,omitempty"`
	Required bool     `json:"required"`
}

type queue struct {
	MaxDispatchesPerSecond  float64 `json:"max_dispatches_per_second"`
	MaxConcurrentDispatches int     `json:"max_concurrent_dispatches"`
	MaxAttempts             int     `json:"max_attempts"`
	MinBackoff              string  `json:"min_backoff"`
	MaxBackoff              string  `json:"max_backoff"`
	MaxDoublings            int     `json:"max_doublings"`
}

type job struct {
	Schedule        string `json:"schedule"`
	TimeZone        string `json:"time_zone"`
	Service         string `json:"service"`
	Path            string `json:"path"`
	Account         string `json:"account"`
	AttemptDeadline string `json:"attempt_deadline"`
	Retries         int    `json:"retries"`
	MinBackoff      string `json:"min_backoff"`
	MaxBackoff      string `json:"max_backoff"`
	MaxDoublings    int    `json:"max_doublings"`
}

type trigger struct {
	Service  string `json:"service"`
	Path     string `json:"path"`
	Account  string `json:"account"`
	Event    string `json:"event"`
	Database string `json:"database"`
	Document string `json:"document"`
}

type bucket struct {
	Region            string   `json:"region"`
	Suffix            string   `json:"suffix"`
	SoftDeleteSeconds int      `json:"soft_delete_seconds"`
	CORSMethods       []string `json:"cors_methods"`
	CORSHeaders       []string `json:"cors_headers"`
	CORSMaxAgeSeconds int      `json:"cors_max_age_seconds"`
}
