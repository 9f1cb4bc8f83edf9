// Package sprig has no functions. The library that prints the help of commands offers them to templates.
package sprig

import "text/template"

// TxtFuncMap is empty.
func TxtFuncMap() template.FuncMap { return nil }
