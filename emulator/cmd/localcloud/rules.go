package main

import (
	"context"
	"fmt"

	"heek.kr/heektime/emulator"
)

// watchRules reloads rules whose files change, until the function that it returns is called.
func (p *program) watchRules(ctx context.Context, cloud *emulator.Cloud) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cloud.WatchRules(ctx, func(sentence string) { fmt.Fprintln(p.stderr, sentence) })
	}()
	return func() {
		cancel()
		<-ended
	}
}
