package demo

import _ "embed"

//go:embed schools.yaml
var schoolFile string

// URLVariable is the name that [SchoolFile] has, as ${DEMO_SCHOOL_URL}, where the address of the demo university's server
// belongs: scheme, host and port without a slash at the end, for instance http://127.0.0.1:9700.
const URLVariable = "DEMO_SCHOOL_URL"

// SchoolFile is the school file of the demo university, in YAML. It is also the example that people copy for a school of their own.
func SchoolFile() string { return schoolFile }
