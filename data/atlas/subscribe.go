package atlas

// subscriber is one channel; only the publisher sends on it, and it does so under Atlas.mu.
type subscriber struct{ ch chan Event }

// Subscribe returns a channel of events and a function that ends the subscription and closes the channel; calling it
// twice is harmless. The channel holds up to buffer events (at least 1). A subscriber that does not keep up loses
// what it has not taken and finds a single Event{Reset: true} instead; the follower never waits for it.
func (a *Atlas) Subscribe(buffer int) (<-chan Event, func()) {
	sub := &subscriber{ch: make(chan Event, max(buffer, 1))}
	a.mu.Lock()
	a.subs[sub] = struct{}{}
	a.mu.Unlock()
	return sub.ch, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if _, ok := a.subs[sub]; ok {
			delete(a.subs, sub)
			close(sub.ch)
		}
	}
}

// publish sends e to all subscribers without ever blocking; a.mu is held.
func (a *Atlas) publish(e Event) {
	for sub := range a.subs {
		select {
		case sub.ch <- e:
			continue
		default:
		}
		// Full: what waits there is stale in part, so it goes. Nobody else sends, hence there is room afterwards.
		for drained := false; !drained; {
			select {
			case <-sub.ch:
			default:
				drained = true
			}
		}
		sub.ch <- Event{Seq: a.health.Seq, Reset: true}
	}
}
