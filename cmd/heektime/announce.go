package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// announceFlags are the flags of heektime announce.
type announceFlags struct {
	target
	korean, english, school, from, until string
	push, asJSON                         bool
}

// announce lists, adds or ends announcements.
func announce(ctx context.Context, args []string) error {
	var a announceFlags
	flags := flag.NewFlagSet("announce", flag.ContinueOnError)
	a.register(flags)
	a.registerDatabase(flags)
	flags.StringVar(&a.korean, "korean", "", "add: the `TEXT` in Korean")
	flags.StringVar(&a.english, "english", "", "add: the `TEXT` in English")
	flags.StringVar(&a.school, "school", "", "add: `ID` of the school whose users see it (default: everyone)")
	flags.StringVar(&a.from, "from", "", `add: when it begins, a `+"`TIME`"+` in Seoul such as "2026-12-01 09:00" (default: now)`)
	flags.StringVar(&a.until, "until", "", "add: when it ends, a `TIME` in Seoul")
	flags.BoolVar(&a.push, "push", false, "add: also send it as a notification when it begins, but not between 22:00 and 8:00")
	flags.BoolVar(&a.asJSON, "json", false, "list: print JSON lines instead of a table")
	const usage = "usage: heektime announce [flags] list|add|end [ID]"
	words, err := parseFlags(flags, args, usage)
	if err != nil {
		return err
	}
	if err := checkAnnounceFlags(flags, words); err != nil {
		return explainFlags(flags, usage, err)
	}
	if _, err := a.announcement(words[0], time.Now()); err != nil { // before anything is asked
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	client, err := a.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	now, err := operator.Now(ctx, client)
	if err != nil {
		return err
	}
	added, err := a.announcement(words[0], now)
	if err != nil {
		return err
	}
	switch words[0] {
	case "add":
		var queue *taskqueue.Queue
		if a.push {
			if queue, err = a.pushQueue(ctx); err != nil {
				return err
			}
			defer queue.Client.Close()
		}
		return addAnnouncement(ctx, client, queue, added, now)
	case "end":
		return endAnnouncement(ctx, client, words[1], now)
	}
	return listAnnouncements(ctx, client, a.asJSON, now)
}

// flagsOfAnnounce are the flags that only one action has.
var flagsOfAnnounce = map[string][]string{"add": {"korean", "english", "school", "from", "until", "push"}, "list": {"json"}, "end": {}}

// checkAnnounceFlags rejects unknown actions, a wrong number of arguments, and flags of another action, which would
// have no effect.
func checkAnnounceFlags(flags *flag.FlagSet, words []string) (err error) {
	if len(words) == 0 {
		return errors.New("announce takes an action: list, add or end")
	}
	own, known := flagsOfAnnounce[words[0]]
	switch {
	case !known:
		return fmt.Errorf("unknown action %q: use list, add or end", words[0])
	case words[0] == "end" && len(words) != 2:
		return errors.New("announce end takes the ID of one announcement, as heektime announce list shows it")
	case words[0] != "end" && len(words) != 1:
		return fmt.Errorf("announce %s takes no arguments: the texts are flags", words[0])
	}
	flags.Visit(func(f *flag.Flag) {
		for action, names := range flagsOfAnnounce {
			if action != words[0] && slices.Contains(names, f.Name) && !slices.Contains(own, f.Name) {
				err = fmt.Errorf("--%s is only for announce %s", f.Name, action)
			}
		}
	})
	return err
}

// announcement returns what the flags describe, nil for an action other than add.
func (a *announceFlags) announcement(action string, now time.Time) (*schema.Announcement, error) {
	if action != "add" {
		return nil, nil
	}
	added := &schema.Announcement{Korean: a.korean, English: a.english, Audience: schema.AudienceAll, From: now, Push: a.push}
	var err error
	if a.school != "" {
		if added.Audience = a.school; a.school == schema.AudienceAll {
			return nil, fmt.Errorf("--school takes the ID of a school: leave it out for an announcement to everyone")
		}
	}
	if a.from != "" {
		if added.From, err = operator.ParseSeoul(a.from); err != nil {
			return nil, fmt.Errorf("--from: %w", err)
		}
	}
	if a.until == "" {
		return nil, errors.New("announce add needs --until with the time when the announcement ends")
	}
	if added.Until, err = operator.ParseSeoul(a.until); err != nil {
		return nil, fmt.Errorf("--until: %w", err)
	}
	return added, nil
}

// addAnnouncement adds an announcement. queue is that of notifications, nil if it is not sent as one.
func addAnnouncement(ctx context.Context, client *firestore.Client, queue *taskqueue.Queue, a *schema.Announcement, now time.Time) error {
	added, err := operator.Announce(ctx, client, queue, *a, now)
	switch {
	case errors.Is(err, operator.ErrNoSchool):
		return fmt.Errorf("%w; heektime status lists the schools", err)
	case errors.Is(err, operator.ErrNotSent):
		return fmt.Errorf("%w (heektime announce end)", err)
	case err != nil:
		return err
	}
	fmt.Printf("announced %s to %s, %s\n", added.ID, audience(added.Audience), duration(*added))
	if added.Push != nil {
		fmt.Printf("it is sent to phones and browsers at %s KST\n", added.Push.Format("2006-01-02 15:04"))
	}
	fmt.Printf("heektime announce end %s ends it earlier\n", added.ID)
	return nil
}

func endAnnouncement(ctx context.Context, client *firestore.Client, id string, now time.Time) error {
	was, err := operator.EndAnnouncement(ctx, client, id, now)
	switch {
	case errors.Is(err, operator.ErrNoAnnouncement):
		return fmt.Errorf("%w; heektime announce list shows their IDs", err)
	case err != nil:
		return err
	case !was:
		fmt.Printf("%s had ended\n", id)
	default:
		fmt.Printf("%s has ended; apps that have read it may show it until they start again\n", id)
	}
	return nil
}

func listAnnouncements(ctx context.Context, client *firestore.Client, asJSON bool, now time.Time) error {
	list, more, err := operator.Announcements(ctx, client, now)
	if err != nil {
		return err
	}
	if more {
		fmt.Fprintf(os.Stderr, "only %d announcements are listed\n", len(list))
	}
	if asJSON {
		return printJSON(list)
	}
	if len(list) == 0 {
		fmt.Println("there are no announcements")
		return nil
	}
	columns := []table.Column{{Title: "ID"}, {Title: "state"}, {Title: "for"}, {Title: "when"}, {Title: "text"}}
	var rows [][]string
	for _, a := range list {
		const width = 60
		oneLine := func(text string) string { return table.Cut(strings.Join(strings.Fields(text), " "), width) }
		rows = append(rows,
			[]string{a.ID, string(a.State), audience(a.Audience), duration(a), oneLine(a.Korean)},
			[]string{"", "", "", "", oneLine(a.English)})
	}
	table.Write(os.Stdout, columns, rows)
	return nil
}

func audience(of string) string {
	if of == schema.AudienceAll {
		return "everyone"
	}
	return of
}

// duration returns when an announcement is shown, in Seoul.
func duration(a operator.Announcement) string {
	const layout = "2006-01-02 15:04"
	return a.From.Format(layout) + " to " + a.Until.Format(layout) + " KST"
}
