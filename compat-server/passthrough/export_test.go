package passthrough

// Holding returns how many writes are held.
func (p *Proxy) Holding() int64 { return p.held.Load() }

// Kept returns the memory that bodies take.
func (p *Proxy) Kept() int64 {
	p.bodies.mu.Lock()
	defer p.bodies.mu.Unlock()
	return maxBodies - p.bodies.left
}

// MaxBody is the largest body that is kept.
const MaxBody = maxBody
