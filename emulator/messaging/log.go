package messaging

import (
	"encoding/json"
	"time"
)

// Bounds of what the server remembers of messages. Beyond them, the oldest are forgotten, with their
// deliveries.
const (
	maxMessages     = 10_000
	maxMessageBytes = 64 << 20
	deliveryBytes   = 512 // what a delivery takes in memory, about
)

// sent is a message that was accepted.
type sent struct {
	Sent
	deliveries []*delivery
	bytes      int64
}

// messageLog are the accepted messages, oldest first. The server's mutex guards it.
type messageLog struct {
	all   []*sent
	bytes int64
}

// add adds a message that was delivered, and forgets the oldest ones.
func (l *messageLog) add(m *sent) {
	size := 0
	if text, err := json.Marshal(m.Message); err == nil {
		size = len(text)
	}
	m.bytes = int64(2*size) + deliveryBytes*int64(1+len(m.deliveries))
	l.all = append(l.all, m)
	l.bytes += m.bytes
	for len(l.all) > 1 && (len(l.all) > maxMessages || l.bytes > maxMessageBytes) {
		l.remove(0)
	}
}

// remove forgets a message.
func (l *messageLog) remove(i int) {
	m := l.all[i]
	for _, x := range m.deliveries {
		x.to.forget(x)
	}
	l.bytes -= m.bytes
	l.all[i] = nil
	if i == 0 {
		l.all = l.all[1:]
		return
	}
	l.all = append(l.all[:i], l.all[i+1:]...)
}

// Sent is a message that was accepted.
type Sent struct {
	ID      string    `json:"id"` // what the sender got as the message's name
	Project string    `json:"project"`
	Time    time.Time `json:"time"`    // by the cloud's clock
	Message *Message  `json:"message"` // do not change it
	// Devices is to how many devices it went.
	Devices int `json:"devices"`
}
