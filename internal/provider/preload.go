package provider

import "context"

// LoadKeys begins to read the provider's keys, for whoever will verify a token soon: it returns at once, and the reading ends with ctx.
// Where it fails, the keys are read again when they are needed, and that error is the one that counts.
func (p *Provider) LoadKeys(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys != nil || p.loading != nil {
		return
	}
	loading := make(chan struct{})
	p.loading = loading
	go func() {
		fetched, err := p.fetchKeys(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err == nil && p.keys == nil {
			p.keys = &fetched
		}
		p.loading = nil
		close(loading)
	}()
}

// known returns the keys in memory, nil where there are none. A reading that has begun is waited for.
func (p *Provider) known(ctx context.Context) *KeySet {
	p.mu.Lock()
	loading := p.loading
	p.mu.Unlock()
	if loading != nil {
		select {
		case <-loading:
		case <-ctx.Done():
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys
}
