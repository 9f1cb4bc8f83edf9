package demo

import _ "embed"

//go:embed schools.yaml
var schoolFile string

// URLVariable is the environment variable in [SchoolFile] for the URL of the demo university's server,
// without a slash at the end, such as http://127.0.0.1:9700.
const URLVariable = "DEMO_SCHOOL_URL"

// SchoolFile returns the school file of the demo university, in YAML. It is also the template for other
// schools.
func SchoolFile() string { return schoolFile }
