package rules_test

import (
	"context"
	"fmt"

	"heek.kr/heektime/emulator/rules"
)

// A request is judged, and the refusal says why.
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
	document := rules.Claims{"owner": "alice", "title": "Far too long a title"} // Claims are Fields of plain Go values
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
	// create /databases/(default)/documents/notes/n1 is refused
	//   line 4: allow create: if request.auth.uid == request.resource.data.owner && request.resource.data.title.size() <= 10;
	//     was false
	//     line 5: request.resource.data.title.size() <= 10 was false, with request.resource.data.title.size() = 20
	// true
}
