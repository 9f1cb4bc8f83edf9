package objects

// Conditions are the preconditions of an operation; nil fields are not checked. A missing object
// has generation 0 and metageneration 0, so GenerationMatch 0 means "must not exist".
// Source: https://cloud.google.com/storage/docs/request-preconditions.
type Conditions struct {
	GenerationMatch        *int64
	GenerationNotMatch     *int64
	MetagenerationMatch    *int64
	MetagenerationNotMatch *int64
	// Authorize, unless nil, is called by writes after all other preconditions, atomically with the
	// change from before to after. Before is nil if there is no object, after is nil for a delete.
	// If it returns an error, the write fails with that error. It must not call the store.
	Authorize func(before, after *Object) error
}

// authorize calls Authorize.
func (c Conditions) authorize(before *record, after *Object) error {
	switch {
	case c.Authorize == nil:
		return nil
	case before == nil:
		return c.Authorize(nil, after)
	}
	o := before.Object
	return c.Authorize(&o, after)
}

// check returns a ConditionNotMet or NotModified [Error] if a precondition does not hold.
func (c Conditions) check(generation, metageneration int64) error {
	switch {
	case c.GenerationMatch != nil && *c.GenerationMatch != generation,
		c.MetagenerationMatch != nil && *c.MetagenerationMatch != metageneration:
		return errorf(ConditionNotMet, "At least one of the pre-conditions you specified did not hold.")
	case c.GenerationNotMatch != nil && *c.GenerationNotMatch == generation,
		c.MetagenerationNotMatch != nil && *c.MetagenerationNotMatch == metageneration:
		return errorf(NotModified, "At least one of the pre-conditions you specified did not hold.")
	}
	return nil
}

// checkRecord is check for an object, nil if it is missing.
func (c Conditions) checkRecord(r *record) error {
	if r == nil {
		return c.check(0, 0)
	}
	return c.check(r.Generation, r.Metageneration)
}
