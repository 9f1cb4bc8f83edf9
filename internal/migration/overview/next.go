package overview

import (
	"fmt"
	"time"

	"heek.kr/heektime/internal/schema"
)

// Next is what to do next.
type Next struct {
	// Command is what to type after heektime migrate, "" if there is only something to wait for.
	Command string `json:"command,omitempty"`
	// Code names the reason for programs; Reason is a sentence for people.
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

const (
	// maxLag is the lag from which on a switch would take too long.
	maxLag = 5 * time.Second
	// wayBack is how long to keep the way back open after the last switch.
	wayBack = 14 * 24 * time.Hour
	// freshVerification is how old a verification may be before a switch.
	freshVerification = 24 * time.Hour
)

// next decides what to do next.
func (o *Overview) next() Next {
	for _, check := range []func() *Next{o.nextAfterFinish, o.nextOfSwitch, o.nextOfCopy, o.nextOfFollow, o.nextOfBack, o.nextOfVerification} {
		if n := check(); n != nil {
			return *n
		}
	}
	for _, k := range o.Kinds {
		if k.Phase == schema.PhaseOld {
			return Next{"switch " + string(k.Kind), "switch", fmt.Sprintf("both sides are equal: move %s", k.Kind)}
		}
	}
	return o.nextOfFinish()
}

// resting reports whether all kinds are in a phase.
func (o *Overview) resting(in schema.MigrationPhase) bool {
	for _, k := range o.Kinds {
		if k.Phase != in {
			return false
		}
	}
	return true
}

// nextAfterFinish recognizes a move that was finished, or was when the command was killed.
func (o *Overview) nextAfterFinish() *Next {
	guarded := false
	for _, k := range o.Kinds {
		guarded = guarded || k.Guarded != ""
	}
	switch f := o.Follow; {
	case !o.resting(schema.PhaseNew):
	case f == nil && o.Copy == nil:
		return &Next{Code: "finished", Reason: "the move is finished. The old server, the old database and follow can be turned off"}
	case f != nil && f.Missing && !guarded && o.OldDatabase == "":
		return &Next{"finish", "finish-again", "finish was interrupted: run it again"}
	}
	return nil
}

func (o *Overview) nextOfSwitch() *Next {
	for _, k := range o.Kinds {
		if k.Phase == schema.PhaseHolding || k.Phase == schema.PhaseSettling {
			return &Next{Code: "switching", Reason: fmt.Sprintf("%s are being switched to the %s side. If the command was killed, "+
				"compat-server takes the switch back within seconds", k.Kind, k.Toward)}
		}
		if k.Phase == schema.PhaseNew && k.Kind != schema.MigrateSchools && o.OldDatabase == "" && k.Guarded != "final" {
			return &Next{"follow", "unguarded", fmt.Sprintf("%s are on the new side, but the old database still accepts writes of them: "+
				"follow shuts it again", k.Kind)}
		}
		if k.Phase == schema.PhaseOld && k.Guarded == "final" {
			return &Next{"follow", "guarded", fmt.Sprintf("%s are on the old side, but the old database rejects writes of them: follow opens it again", k.Kind)}
		}
	}
	return nil
}

func (o *Overview) nextOfCopy() *Next {
	switch c := o.Copy; {
	case c == nil:
		return &Next{"plan", "plan", "nothing was copied yet. Read what plan reports, then start heektime migrate copy"}
	case c.Finished.IsZero():
		return &Next{"copy", "copy", "the copy has not finished. If it is not running, start it again: it continues where it stopped"}
	}
	return nil
}

func (o *Overview) nextOfFollow() *Next {
	f := o.Follow
	switch {
	case f == nil:
		return &Next{"follow", "follow", "the copy has finished: apply the changes since then"}
	case f.Problem != "":
		return &Next{"follow", "problem", f.Problem}
	case f.Missing, f.Lost:
		return &Next{"copy", "lost", fmt.Sprintf("the old database no longer has the changes for slot %s: copy again", f.Slot)}
	case o.OldDatabase != "":
		return nil // what follows is not known
	case !f.Running:
		return &Next{"follow", "stopped", fmt.Sprintf("nothing follows the old database, which keeps %s of changes: start follow", size(f.RetainedBytes))}
	case f.LagSeconds > maxLag.Seconds() && o.resting(schema.PhaseOld):
		return &Next{Code: "lag", Reason: fmt.Sprintf("follow is %.0f s behind: wait until it has caught up", f.LagSeconds)}
	}
	return nil
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

func (o *Overview) nextOfBack() *Next {
	b := o.Back
	if b == nil || o.OldDatabase != "" {
		return nil
	}
	for _, k := range o.Kinds {
		if k.Phase == schema.PhaseNew && k.Kind != schema.MigrateSchools && b.LagSeconds > backLag.Seconds() {
			return &Next{"follow", "back-stopped", fmt.Sprintf("the old database is %.0f s behind Firestore, so there is no quick way back: "+
				"is follow running?", b.LagSeconds)}
		}
	}
	return nil
}

// backLag is the lag from which on the way back is stuck. Firestore reports consistent points of an idle stream
// less often than every second.
const backLag = 5 * time.Minute

func (o *Overview) nextOfVerification() *Next {
	v := o.Verification
	switch {
	case o.resting(schema.PhaseNew):
		return nil
	case v == nil || v.EndedAt.Before(o.Copy.Finished):
		return &Next{"verify", "verify", "both sides were not compared since the copy"}
	case v.Differences > 0:
		return &Next{"verify", "different", fmt.Sprintf("the last comparison found %d differences: read what it says about them, then compare again", v.Differences)}
	case !v.Whole:
		return &Next{"verify", "sample", "the last comparison was not of all users"}
	case o.At.Sub(v.EndedAt) > freshVerification:
		return &Next{"verify", "verify-again", "the last comparison is older than a day"}
	}
	return nil
}

func (o *Overview) nextOfFinish() Next {
	var last time.Time
	for _, k := range o.Kinds {
		if k.Since.After(last) {
			last = k.Since
		}
	}
	if left := last.Add(wayBack).Sub(o.At); left > 0 {
		return Next{Code: "wait", Reason: fmt.Sprintf("everything is on the new side. Keep follow running, so that you can go back; "+
			"finish in %d days", int(left/(24*time.Hour))+1)}
	}
	return Next{"finish", "finish", "everything has been on the new side for two weeks: finish"}
}
