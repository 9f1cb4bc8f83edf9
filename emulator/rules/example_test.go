package rules_test

import (
	"context"
	"fmt"

	"heek.kr/heektime/emulator/rules"
)

// Compile a rules file, evaluate a write and print why it was denied, then evaluate a query.
func Example() {
	set, warnings, err := rules.Compile("firestore.rules", `rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents/notes/{note} {
    allow create: if request.auth.uid == request.resource.data.owner
      && request.resource.data.title.size() <= 10;
    allow list: if resource.data.owner == request.auth.uid;
  }
}`)
	fmt.Println(len(warnings), err)
	// Claims are Fields made of plain Go values.
	document := rules.Claims{"owner": "alice", "title": "Far too long a title"}
	d := set.Evaluate(context.Background(), &rules.Request{
		Service: rules.Firestore,
		Method:  rules.Create,
		Path:    "/databases/(default)/documents/notes/n1",
		Auth:    &rules.Auth{UID: "alice"},
		After:   document,
		Explain: true,
	})
	fmt.Println(d.Allowed)
	fmt.Println(d.Denial)
	d = set.Evaluate(context.Background(), &rules.Request{
		Service: rules.Firestore,
		Method:  rules.List,
		Path:    "/databases/(default)/documents/notes",
		Auth:    &rules.Auth{UID: "alice"},
		Query: &rules.Query{Filter: &rules.Filter{
			Op: rules.FilterEqual, Field: []string{"owner"}, Value: rules.StringValue("alice"),
		}},
	})
	fmt.Println(d.Allowed)
	// Output:
	// 0 <nil>
	// false
	// create /databases/(default)/documents/notes/n1 is denied
	//   line 4: allow create: if request.auth.uid == request.resource.data.owner && request.resource.data.title.size() <= 10;
	//     was false
	//     line 5: request.resource.data.title.size() <= 10 was false, with request.resource.data.title.size() = 20
	// true
}
