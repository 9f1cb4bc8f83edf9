// Command courses reads schools' course lists; see package internal/courses.
package main

import (
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("courses", courses.Open) }
