package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/refresh"
)

// refreshTimeout bounds how long the command waits for its task to finish.
const refreshTimeout = 10 * time.Minute

// refreshNow enqueues the refresh of one semester and waits for its result.
func refreshNow(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("refresh", flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	asJSON := flags.Bool("json", false, "print JSON lines instead of a table")
	accept := flags.Bool("accept", false, "publish the list even if it looks suspicious")
	names, err := parse(flags, args, "SCHOOL", "SEMESTER")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	if _, err := operator.NewTask(names[0], names[1], *accept, time.Now()); err != nil { // before anything is asked
		return err
	}
	client, err := t.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	now, err := operator.Now(ctx, client)
	if err != nil {
		return err
	}
	task, err := operator.NewTask(names[0], names[1], *accept, now)
	if err != nil {
		return err
	}
	queue, err := t.queue(ctx)
	if err != nil {
		return err
	}
	defer queue.Client.Close()
	if _, err := queue.Enqueue(ctx, task); err != nil {
		return err
	}
	done, err := waitForTasks(ctx, client, queue, []refresh.Task{task}, func(row) {})
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(done)
	} else {
		printRuns(done)
	}
	return errors.Join(err, requirePublished(done))
}

// requirePublished returns errReported unless every refresh ended with its list published.
func requirePublished(rows []row) error {
	for _, r := range rows {
		if r.Outcome != refresh.Changed && r.Outcome != refresh.Unchanged {
			return errReported
		}
	}
	return nil
}

// waitForTasks waits until every task has ended, including its retries, and calls ended for each as
// it does. The rows are in the order of the tasks.
func waitForTasks(ctx context.Context, client *firestore.Client, queue *refresh.Queue, tasks []refresh.Task, ended func(row)) ([]row, error) {
	rows := make([]row, len(tasks))
	for remaining := len(tasks); ; {
		for i, task := range tasks {
			if rows[i].School != "" {
				continue
			}
			run, ok, err := poll(ctx, client, queue, task)
			if err != nil {
				return nil, err
			}
			if ok {
				rows[i] = row{School: task.School, Semester: string(task.Semester), Run: run}
				ended(rows[i])
				remaining--
			}
		}
		if remaining == 0 {
			return rows, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d refreshes: %w", remaining, ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

// pollInterval is the time between polls; each poll reads one document per semester.
const pollInterval = 250 * time.Millisecond

// result returns the run that a task ended with; ok is false while the task has not ended. A task
// that has left the queue without a record was rejected or superseded.
func result(ctx context.Context, client *firestore.Client, queue *refresh.Queue, task refresh.Task) (run refresh.Run, ok bool, err error) {
	_, err = queue.Client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queue.TaskName(task)})
	gone := grpcstatus.Code(err) == codes.NotFound
	if err != nil && !gone {
		return refresh.Run{}, false, fmt.Errorf("read the task of %s %s: %w", task.School, task.Semester, err)
	}
	record, err := refresh.ReadRecord(ctx, client, task.School, task.Semester)
	if err != nil {
		return refresh.Run{}, false, err
	}
	last := record.LastRun
	if ours := last.Slot.Equal(task.Slot); ours && (gone || !last.Retry) {
		return last, true, nil
	}
	// A scheduled refresh for a later slot can overtake ours, which then does nothing. Its result is
	// newer than the one we asked for.
	if overtaken := last.Slot.After(task.Slot); overtaken && gone && !last.Retry {
		return last, true, nil
	} else if overtaken && gone {
		return refresh.Run{}, false, nil // it is being retried
	}
	if gone {
		return refresh.Run{
			Slot: task.Slot, Started: task.Slot, Ended: task.Slot, Outcome: refresh.Refused,
			Reason: "the school file has no such school or semester",
		}, true, nil
	}
	return refresh.Run{}, false, nil
}

func printRuns(rows []row) {
	columns := []table.Column{
		{Title: "school"}, {Title: "semester"}, {Title: "outcome"}, {Title: "lectures", Right: true}, {Title: "raw", Right: true},
		{Title: "stored", Right: true}, {Title: "took", Right: true},
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{
			r.School, r.Semester, string(r.Outcome), table.Count(r.Lectures),
			table.Bytes(r.RawBytes), table.Bytes(r.StoredBytes), took(r.Run),
		}
	}
	table.Write(os.Stdout, columns, cells)
	printReasons(os.Stdout, rows)
}

// printReasons prints why refreshes ended as they did, where a reason was recorded.
func printReasons(w io.Writer, rows []row) {
	for _, r := range rows {
		if r.Reason != "" {
			fmt.Fprintf(w, "\n%s %s: %s\n", r.School, r.Semester, r.Reason)
		}
	}
}
