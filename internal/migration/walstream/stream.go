package walstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	// senderTimeout is how long PostgreSQL waits for a sign of life of a reader. Since PostgreSQL 12, a connection can
	// set it for itself.
	senderTimeout = 20 * time.Second
	// statusInterval is how often PostgreSQL learns that its reader is alive: well below senderTimeout.
	statusInterval = 5 * time.Second
	// maxSilence is when a connection counts as dead: PostgreSQL answers each status, but not while it
	// decodes a large transaction that has nothing for this reader.
	maxSilence = 3 * time.Minute
)

// ErrSilent means that PostgreSQL has not sent anything for so long that the connection must be dead.
var ErrSilent = fmt.Errorf("PostgreSQL has sent nothing for %v", maxSilence)

// Event is a *Begin, *Change, *Truncate, *Commit or Progress.
type Event any

// Begin begins a transaction. Its changes follow, then its Commit.
type Begin struct {
	XID         uint32
	CommittedAt time.Time
	// Origin is the name of the replication origin that wrote the transaction, "" for an ordinary one. It
	// is set when the first change arrives.
	Origin string
}

// Commit ends a transaction. Everything before End has been received.
type Commit struct {
	End         LSN
	CommittedAt time.Time
}

// Truncate is a change that empties tables.
type Truncate struct{ Tables []string }

// Progress says that PostgreSQL has nothing more up to End for this reader, as far as transactions that
// have committed are concerned. End is 0 if nothing was received.
type Progress struct{ End LSN }

// Stream receives events from a slot. It is not safe for concurrent use.
type Stream struct {
	conn      *Conn
	relations map[uint32]*Relation
	begin     *Begin
	// confirmed is the position that PostgreSQL may forget, end how far its log was written.
	confirmed, end LSN
	sent, received time.Time // the last status and the last message
}

// Start begins to receive the changes of a publication's tables from a position on. The slot must not
// have confirmed more than that. The connection serves only the stream from then on.
func (c *Conn) Start(ctx context.Context, slot, publication string, from LSN) (*Stream, error) {
	// Version 1 of the protocol sends only transactions that have committed, and PostgreSQL 10 and later
	// support it.
	args := []string{"proto_version '1'", "publication_names '" + publication + "'"}
	err := pglogrepl.StartReplication(ctx, c.pg, slot, from, pglogrepl.StartReplicationOptions{PluginArgs: args})
	if err != nil {
		return nil, fmt.Errorf("start replication from slot %s: %w", slot, err)
	}
	now := time.Now()
	return &Stream{conn: c, relations: map[uint32]*Relation{}, confirmed: from, end: c.End, received: now}, nil
}

// End is how far PostgreSQL's log was written when it last sent something.
func (s *Stream) End() LSN { return s.end }

// Confirm tells PostgreSQL that everything up to a position has been applied, so that it need not keep
// it. It also says that this reader is alive.
func (s *Stream) Confirm(ctx context.Context, applied LSN) error {
	if applied <= s.confirmed && time.Since(s.sent) < statusInterval {
		return nil
	}
	s.confirmed = max(s.confirmed, applied)
	err := pglogrepl.SendStandbyStatusUpdate(ctx, s.conn.pg, pglogrepl.StandbyStatusUpdate{WALWritePosition: s.confirmed, ReplyRequested: true})
	if err != nil {
		return fmt.Errorf("confirm position %v: %w", s.confirmed, err)
	}
	s.sent = time.Now()
	return nil
}

// Next returns the next event. It waits for at most some time, and then returns a Progress of 0.
func (s *Stream) Next(ctx context.Context, wait time.Duration) (Event, error) {
	deadline := time.Now().Add(wait)
	for {
		message, err := s.receive(ctx, deadline)
		if err != nil {
			return nil, err
		}
		switch m := message.(type) {
		case nil:
			return Progress{}, nil
		case *pgproto3.ErrorResponse:
			return nil, fmt.Errorf("receive changes: %w", pgconn.ErrorResponseToPgError(m))
		case *pgproto3.CopyData:
			event, err := s.event(m.Data)
			if event != nil || err != nil {
				return event, err
			}
		case *pgproto3.CopyDone:
			return nil, errors.New("receive changes: PostgreSQL has ended the stream")
		}
	}
}

// receive returns the next message, nil at the deadline.
func (s *Stream) receive(ctx context.Context, deadline time.Time) (pgproto3.BackendMessage, error) {
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	message, err := s.conn.pg.ReceiveMessage(limited)
	switch {
	case err == nil:
		s.received = time.Now()
		return message, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case !pgconn.Timeout(err):
		return nil, fmt.Errorf("receive changes: %w", err)
	case time.Since(s.received) > maxSilence:
		return nil, ErrSilent
	}
	return nil, nil
}

// event decodes a message of the stream, nil if it is of no interest.
func (s *Stream) event(data []byte) (Event, error) {
	if len(data) == 0 {
		return nil, errors.New("receive changes: an empty message")
	}
	switch data[0] {
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		m, err := pglogrepl.ParsePrimaryKeepaliveMessage(data[1:])
		if err != nil {
			return nil, fmt.Errorf("receive changes: %w", err)
		}
		s.end = max(s.end, m.ServerWALEnd)
		if s.begin != nil {
			return nil, nil // in the middle of a transaction it says nothing about what follows
		}
		return Progress{m.ServerWALEnd}, nil
	case pglogrepl.XLogDataByteID:
		m, err := pglogrepl.ParseXLogData(data[1:])
		if err != nil {
			return nil, fmt.Errorf("receive changes: %w", err)
		}
		s.end = max(s.end, m.ServerWALEnd)
		return s.decode(m.WALData)
	}
	return nil, nil
}
