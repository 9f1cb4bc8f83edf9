package burst

// Keys returns the number of keys that are kept.
func (d *Detector) Keys() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.keys)
}
