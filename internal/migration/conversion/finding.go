package conversion

import "heek.kr/heektime/internal/migration/legacydb"

// Finding is something that the new schema cannot hold, and what became of it.
type Finding struct {
	Kind legacydb.Kind
	Key  string
	// Field is the column, or an entry of a list such as times[2]; "" means the whole row.
	Field string
	// Problem says what is wrong, the same text for all findings of a sort: "is longer than 300
	// characters".
	Problem string
	// Action is what became of the row or the field.
	Action legacydb.Action
	// Before and After are the values, shortened; never a password hash.
	Before, After string
	// TellUser says that the user will notice: their username, or the name they sign in with, changes.
	TellUser bool
}
