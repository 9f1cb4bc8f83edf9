package main

import "strings"

// announceStory announces something, lists it and ends it, in the local cloud of a test.
func announceStory(run func(want bool, args ...string) string, contains func(text string, parts ...string)) {
	contains(run(true, "announce", "list"), "there are no announcements")
	texts := []string{"announce", "add", "--korean", "오늘 밤 1시부터 점검해요.", "--english", "Maintenance tonight from 1 a.m."}
	until := []string{"--until", "2099-12-31 09:00"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"announce"}, "announce takes an action: list, add or end"},
		{[]string{"announce", "push"}, `unknown action "push"`},
		{[]string{"announce", "end"}, "takes the ID of one announcement"},
		{[]string{"announce", "add", "Hello"}, "announce add takes no arguments: the texts are flags"},
		{append([]string{"announce", "list"}, until...), "--until is only for announce add"},
		{append([]string{"announce", "add", "--json"}, until...), "--json is only for announce list"},
		{texts, "announce add needs --until"},
		{append(texts[:4:4], until...), "the English text is missing"},
		{append(texts[:6:6], "--until", "tomorrow"), `--until: "tomorrow" is not a time: want one in Seoul such as`},
		{append(texts[:6:6], "--from", "2099-12-31 09:00", "--until", "2099-12-31 09:00"), "must end after it begins"},
		{append(texts[:6:6], "--from", "2098-01-01 00:00", "--until", "2099-12-31 09:00"), "lasts longer than 366 days"},
		{append(texts[:6:6], "--until", "2020-12-31 09:00", "--from", "2020-12-31 08:00"), "its end has passed"},
		{append(texts[:6:6], "--school", "nowhere", "--from", "2099-12-31 08:00", "--until", "2099-12-31 09:00"), "heektime status lists the schools"},
		{append(texts[:6:6], "--school", "all", "--until", "2099-12-31 09:00"), "leave it out for an announcement to everyone"},
		{append(texts[:6:6], "--push", "--from", "2099-12-31 08:00", "--until", "2099-12-31 09:00"), "it must begin within 29 days"},
		{[]string{"announce", "end", "nothing"}, "heektime announce list shows their IDs"},
	} {
		contains(run(false, c.args...), c.want)
	}
	added := run(true, append(texts, "--from", "2099-12-31 08:00", "--until", "2099-12-31T00:00:00Z")...)
	contains(added, "to everyone, 2099-12-31 08:00 to 2099-12-31 09:00 KST", "heektime announce end ")
	_, rest, _ := strings.Cut(added, "announced ")
	id, _, _ := strings.Cut(rest, " ")
	contains(run(true, "announce", "list"), id, "scheduled", "everyone", "오늘 밤 1시부터 점검해요.", "Maintenance tonight from 1 a.m.")
	contains(run(true, "announce", "list", "--json"), `"id":"`+id+`"`, `"until":"2099-12-31T09:00:00+09:00"`)
	contains(run(true, "announce", "end", id), id+" has ended")
	contains(run(true, "announce", "list"), "there are no announcements")
}
