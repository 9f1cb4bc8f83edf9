package sdktest

import "sync"

// idleList holds what no test uses at the moment. Many tests may use it simultaneously.
type idleList[T any] struct {
	mu   sync.Mutex
	list []*T
}

// take returns the one that was put last, or nil.
func (l *idleList[T]) take() *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return nil
	}
	last := l.list[len(l.list)-1]
	l.list = l.list[:len(l.list)-1]
	return last
}

func (l *idleList[T]) put(one *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, one)
}
