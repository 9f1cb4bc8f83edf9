package rules

import (
	"strings"
	"testing"
)

// A file with everything that an allow statement can look like, and what is left of it.
func TestWithout(t *testing.T) {
	const before = `rules_version = '2';
// allow write: if true;
function f() { return true; }
service cloud.firestore {
  match /databases/{d}/documents {
    match /a/{b} {
      match /inner/{c} { allow write; allow get: if f(); }
      allow read, write: if f(); // both
      allow create,delete : if 'allow write' == 'x';
    }
    match /b/{c} { allow update, get }
    match /c/{d=**} { allow list, create, get: if true; }
    allow delete: if false;
  }
}
service firebase.storage { match /b/{b}/o { match /{x=**} { allow read; allow write; } } }
`
	const readOnly = `rules_version = '2';
// allow write: if true;
function f() { return true; }
service cloud.firestore {
  match /databases/{d}/documents {
    match /a/{b} {
      match /inner/{c} {  allow get: if f(); }
      allow get, list: if f(); // both
      
    }
    match /b/{c} { allow get }
    match /c/{d=**} { allow get, list: if true; }
    
  }
}
service firebase.storage { match /b/{b}/o { match /{x=**} { allow read;  } } }
`
	got, err := Without("x.rules", before, Create, Update, Delete)
	if err != nil || got != readOnly {
		t.Errorf("without writes: %v\n%s", err, got)
	}
	if _, _, err := Compile("x.rules", got); err != nil {
		t.Errorf("what is left does not compile: %v", err)
	}
	nothing, err := Without("x.rules", before, Get, List, Create, Update, Delete)
	if err != nil || strings.Count(nothing, "allow") != 1 { // in the comment
		t.Errorf("without anything: %v\n%s", err, nothing)
	}
	if same, err := Without("x.rules", before); err != nil || same != before {
		t.Errorf("without no method: %v\n%s", err, same)
	}
	if _, err := Without("x.rules", "service {"); err == nil {
		t.Error("no error for text that is not rules")
	}
}
