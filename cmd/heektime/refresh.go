package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// refreshTimeout is how long refresh waits for the run that it asked for.
const refreshTimeout = 10 * time.Minute

func refreshNow(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("refresh", flag.ContinueOnError)
	t.register(flags)
	asJSON := flags.Bool("json", false, "print JSON lines instead of a table")
	accept := flags.Bool("accept", false, "publish the list although it was held back as suspicious")
	names, err := parse(flags, args, "SCHOOL", "SEMESTER")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	task := refresh.Task{School: names[0], Semester: schema.SemesterID(names[1]), Slot: time.Now().UTC().Truncate(time.Millisecond), Accept: *accept}
	if err := task.Validate(); err != nil {
		return err
	}
	client, err := t.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	queue, err := t.queue(ctx)
	if err != nil {
		return err
	}
	defer queue.Client.Close()
	if _, err := queue.Enqueue(ctx, task); err != nil {
		return err
	}
	done, err := await(ctx, client, queue, []refresh.Task{task}, func(row) {})
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(done)
	} else {
		printRuns(done)
	}
	return errors.Join(err, failure(done))
}

// failure is errReported when any run did not end with its list published.
func failure(rows []row) error {
	for _, r := range rows {
		if r.Outcome != refresh.Changed && r.Outcome != refresh.Unchanged {
			return errReported
		}
	}
	return nil
}

// await waits until every task has ended, for good, and tells each of them as it ends. The rows are in the order of the tasks.
func await(ctx context.Context, client *firestore.Client, queue *refresh.Queue, tasks []refresh.Task, ended func(row)) ([]row, error) {
	rows := make([]row, len(tasks))
	for waiting := len(tasks); ; {
		for i, task := range tasks {
			if rows[i].School != "" {
				continue
			}
			run, ok, err := outcome(ctx, client, queue, task)
			if err != nil {
				return nil, err
			}
			if ok {
				rows[i] = row{task.School, string(task.Semester), run}
				ended(rows[i])
				waiting--
			}
		}
		if waiting == 0 {
			return rows, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d refreshes: %w", waiting, ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

// pollInterval is how often await looks; each look reads one document a semester.
const pollInterval = 250 * time.Millisecond

// outcome is the run that a task ended with; ok is false while it has not ended. A task that is no longer in its queue and
// left no record was refused or superseded.
func outcome(ctx context.Context, client *firestore.Client, queue *refresh.Queue, task refresh.Task) (refresh.Run, bool, error) {
	_, err := queue.Client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queue.TaskName(task)})
	gone := grpcstatus.Code(err) == codes.NotFound
	if err != nil && !gone {
		return refresh.Run{}, false, fmt.Errorf("look for the task of %s %s: %w", task.School, task.Semester, err)
	}
	record, err := refresh.ReadRecord(ctx, client, task.School, task.Semester)
	if err != nil {
		return refresh.Run{}, false, err
	}
	last := record.LastRun
	if ours := last.Slot.Equal(task.Slot); ours && (gone || !last.Retry) {
		return last, true, nil
	}
	if gone {
		return refresh.Run{
			Slot: task.Slot, Started: task.Slot, Ended: task.Slot, Outcome: refresh.Refused,
			Reason: "the refresh service knows no such school or semester (is it in the school file?), or a later run was faster",
		}, true, nil
	}
	return refresh.Run{}, false, nil
}

func printRuns(rows []row) {
	columns := []table.Column{
		{Title: "school"}, {Title: "semester"}, {Title: "outcome"}, {Title: "lectures", Right: true}, {Title: "raw", Right: true},
		{Title: "stored", Right: true}, {Title: "took", Right: true}, {Title: "address"},
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{
			r.School, r.Semester, string(r.Outcome), table.Count(r.Lectures), table.Bytes(r.RawBytes), table.Bytes(r.StoredBytes), took(r.Run), r.URL,
		}
	}
	table.Write(os.Stdout, columns, cells)
	for _, r := range rows {
		if r.Reason != "" {
			fmt.Printf("\n%s %s: %s\n", r.School, r.Semester, r.Reason)
		}
	}
}
