package objects

// Conditions guard an operation: it happens only if all that are set (not nil) hold. A missing object has generation 0
// and metageneration 0, so that GenerationMatch 0 means "must not exist".
// Source: the preconditions of https://cloud.google.com/storage/docs/request-preconditions.
type Conditions struct {
	GenerationMatch        *int64
	GenerationNotMatch     *int64
	MetagenerationMatch    *int64
	MetagenerationNotMatch *int64
	// Allow, unless it is nil, is asked last by what writes: in the step that would make after out of before, so that
	// nothing can change in between. Before is nil when there is no object, after when it is to be removed. Its error
	// is the operation's, and nothing happens. It must not call the store.
	Allow func(before, after *Object) error
}

// allow asks Allow.
func (c Conditions) allow(before *record, after *Object) error {
	switch {
	case c.Allow == nil:
		return nil
	case before == nil:
		return c.Allow(nil, after)
	}
	o := before.Object
	return c.Allow(&o, after)
}

// check returns a ConditionNotMet or NotChanged error, or nil.
func (c Conditions) check(generation, metageneration int64) error {
	switch {
	case c.GenerationMatch != nil && *c.GenerationMatch != generation,
		c.MetagenerationMatch != nil && *c.MetagenerationMatch != metageneration:
		return errorf(ConditionNotMet, "At least one of the pre-conditions you specified did not hold.")
	case c.GenerationNotMatch != nil && *c.GenerationNotMatch == generation,
		c.MetagenerationNotMatch != nil && *c.MetagenerationNotMatch == metageneration:
		return errorf(NotChanged, "At least one of the pre-conditions you specified did not hold.")
	}
	return nil
}

func (c Conditions) checkRecord(r *record) error {
	if r == nil {
		return c.check(0, 0)
	}
	return c.check(r.Generation, r.Metageneration)
}
