package walstream

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pglogrepl"

	"heek.kr/heektime/internal/migration/legacydb"
)

// Change is a change of a row.
type Change struct {
	legacydb.Change
	Relation *Relation
}

// Relation describes a table as it was when its next rows were written.
type Relation struct {
	// Name has a schema: public.lectures.
	Name    string
	Columns []Column
}

// Column is a column of a table.
type Column struct {
	Name string
	// Type is the object id of its type.
	Type uint32
	// Identity means that the column is part of the replica identity.
	Identity bool
}

// decode decodes a message of pgoutput, and returns nil if it is of no interest by itself.
// Source: https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
func (s *Stream) decode(data []byte) (Event, error) {
	if len(data) == 0 {
		return nil, errors.New("receive changes: an empty message of pgoutput")
	}
	if data[0] == byte(pglogrepl.MessageTypeType) {
		return nil, nil // the name of a type: this reader needs only texts
	}
	message, err := pglogrepl.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("receive changes: decode a message of pgoutput: %w", err)
	}
	switch m := message.(type) {
	case *pglogrepl.BeginMessage:
		s.begin = &Begin{XID: m.Xid, CommittedAt: m.CommitTime}
		return s.begin, nil
	case *pglogrepl.OriginMessage:
		if s.begin != nil {
			s.begin.Origin = m.Name
		}
		return nil, nil
	case *pglogrepl.CommitMessage:
		s.begin = nil
		return &Commit{End: m.TransactionEndLSN, CommittedAt: m.CommitTime}, nil
	case *pglogrepl.RelationMessage:
		s.relations[m.RelationID] = relation(m)
		return nil, nil
	case *pglogrepl.InsertMessage:
		return s.change(m.RelationID, legacydb.Insert, nil, m.Tuple, false)
	case *pglogrepl.UpdateMessage:
		return s.change(m.RelationID, legacydb.Update, m.OldTuple, m.NewTuple, m.OldTupleType == pglogrepl.UpdateMessageTupleTypeKey)
	case *pglogrepl.DeleteMessage:
		return s.change(m.RelationID, legacydb.Delete, m.OldTuple, nil, m.OldTupleType == pglogrepl.DeleteMessageTupleTypeKey)
	case *pglogrepl.TruncateMessage:
		event := &Truncate{}
		for _, id := range m.RelationIDs {
			r := s.relations[id]
			if r == nil {
				return nil, fmt.Errorf("receive changes: relation %d was not described", id)
			}
			event.Tables = append(event.Tables, r.Name)
		}
		return event, nil
	}
	return nil, nil
}

func relation(m *pglogrepl.RelationMessage) *Relation {
	r := &Relation{Name: m.Namespace + "." + m.RelationName}
	for _, c := range m.Columns {
		r.Columns = append(r.Columns, Column{c.Name, c.DataType, c.Flags&1 != 0})
	}
	return r
}

func (s *Stream) change(id uint32, op legacydb.Op, before, after *pglogrepl.TupleData, onlyIdentity bool) (Event, error) {
	r := s.relations[id]
	if r == nil {
		return nil, fmt.Errorf("receive changes: relation %d was not described", id)
	}
	c := &Change{Change: legacydb.Change{Table: r.Name, Op: op}, Relation: r}
	var err error
	if c.Old, err = r.tuple(before, onlyIdentity); err != nil {
		return nil, err
	}
	c.New, err = r.tuple(after, false)
	return c, err
}

// tuple returns a row's columns. A large value that an update left as it was is absent. So are columns
// outside of the replica identity if the row has only the identity; PostgreSQL sends those as NULL.
func (r *Relation) tuple(data *pglogrepl.TupleData, onlyIdentity bool) (legacydb.Tuple, error) {
	if data == nil {
		return nil, nil
	}
	if len(data.Columns) != len(r.Columns) {
		return nil, fmt.Errorf("receive changes: a row of %s has %d columns, want %d", r.Name, len(data.Columns), len(r.Columns))
	}
	tuple := legacydb.Tuple{}
	for i, c := range data.Columns {
		column := r.Columns[i]
		switch {
		case onlyIdentity && !column.Identity, c.DataType == pglogrepl.TupleDataTypeToast:
		case c.DataType == pglogrepl.TupleDataTypeText:
			text := string(c.Data)
			tuple[column.Name] = &text
		case c.DataType == pglogrepl.TupleDataTypeNull:
			tuple[column.Name] = nil
		default:
			return nil, fmt.Errorf("receive changes: column %s of %s has format %q", column.Name, r.Name, c.DataType)
		}
	}
	return tuple, nil
}

// String describes the columns, for errors.
func (r *Relation) String() string {
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = c.Name
	}
	return r.Name + " (" + strings.Join(names, ", ") + ")"
}
