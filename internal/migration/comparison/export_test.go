package comparison

// Loads returns how often all users were read.
func (k *Known) Loads() int { return k.loads }
