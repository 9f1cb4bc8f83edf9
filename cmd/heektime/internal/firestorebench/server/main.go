// Command server is the embedded server of the benchmark; see package benchserver.
package main

import "heek.kr/heektime/cmd/heektime/internal/firestorebench/benchserver"

func main() { benchserver.Main() }
