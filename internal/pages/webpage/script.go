package webpage

import _ "embed"

// Script is the script that counts a view, for the address [ScriptPath].
//
//go:embed views.js
var Script []byte

// ScriptPath is the address of [Script], ViewsPath that to which it sends a view.
const (
	ScriptPath = "/views.js"
	ViewsPath  = "/views"
)
