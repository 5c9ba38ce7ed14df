package atlas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"yutu/data/pg"
	"yutu/geo/division"
)

const (
	// queryTimeout is after how long a silent database counts as lost; the queries take milliseconds.
	queryTimeout = 30 * time.Second
	// stallTimeout is the longest silence within a full load, which as a whole may take many seconds.
	stallTimeout = time.Minute

	changePage = 1000 // rows of the log read at once
	unitPage   = 500  // units read at once

	// maxRounds is how often one update looks whether the log has grown meanwhile before it is swapped in anyway.
	maxRounds = 4

	retryFirst, retryLast   = 100 * time.Millisecond, 3 * time.Second
	listenFirst, listenLast = 200 * time.Millisecond, 30 * time.Second
)

// errLogReplaced means that the log does not continue where the snapshot left it: the database was restored from a
// backup or is another one.
var errLogReplaced = errors.New("the change log does not continue: the database was restored or replaced")

// Run follows the log until ctx ends and then returns nil. Errors of the database never end it: reads go on from the
// last snapshot, Health becomes degraded, and Run tries again, soon at first and then every few seconds. Nothing can
// be missed, because every try reads the log from the place up to which the snapshot has followed. Call it once.
func (a *Atlas) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { a.listen(ctx) })

	for fails := 0; ; {
		err := a.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wake, delay := a.wake, a.poll
		if err != nil {
			a.degraded(err)
			// Whoever waits for a write would only make a database that is coming up busier.
			wake, delay = nil, backoff(retryFirst, retryLast, fails)
			fails++
		} else {
			a.recovered()
			fails = 0
		}
		timer := time.NewTimer(delay)
		select {
		case <-wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// listen keeps a connection for notifications. Losing it degrades nothing, since the log is polled as well; standbys
// do not allow it at all.
func (a *Atlas) listen(ctx context.Context) {
	for fails := 0; ; fails++ {
		start := time.Now()
		err := a.src.Listen(ctx, a.Wake)
		if ctx.Err() != nil {
			return
		}
		if time.Since(start) > listenLast {
			fails = 0
		}
		if fails == 0 {
			a.log.Info("atlas: no notifications, polling only", "error", err)
		}
		// The same fate may have met the database: look at once rather than at the next poll.
		a.Wake()
		if !sleep(ctx, backoff(listenFirst, listenLast, fails)) {
			return
		}
	}
}

// backoff doubles from first to last with each failure and takes a random half to the whole of it, so that
// many servers do not return to the database in step.
func backoff(first, last time.Duration, fails int) time.Duration {
	d := min(first<<min(fails, 16), last)
	return d/2 + rand.N(d/2+1)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// degraded notes a failure; the first of a row is told to everybody.
func (a *Atlas) degraded(err error) {
	// The text goes to strangers as well: it tells nothing of hosts and users. The log has the rest.
	reason := "the change log cannot be followed"
	if errors.Is(err, pg.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		reason = "the database cannot be reached"
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	h := &a.health
	first := !h.Degraded
	if first {
		h.Degraded, h.Since = true, time.Now()
	}
	if first || h.Error != reason {
		h.Error = reason
		a.log.Warn("atlas: "+reason+"; reads go on from the last snapshot", "seq", h.Seq, "error", err)
		a.publishHealth()
	}
}

func (a *Atlas) recovered() {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := &a.health
	h.CheckedAt = time.Now()
	if h.Degraded {
		a.log.Info("atlas: the database is back", "seq", h.Seq, "away", time.Since(h.Since).Round(time.Millisecond))
		h.Degraded, h.Since, h.Error = false, time.Time{}, ""
		a.publishHealth()
	}
}

// publishHealth tells the subscribers; a.mu is held.
func (a *Atlas) publishHealth() {
	h := a.health
	a.publish(Event{Seq: h.Seq, Health: &h})
}

// follow brings the snapshot to the end of the log.
func (a *Atlas) follow(ctx context.Context) error {
	prev := a.snap.Load()
	cur := cursor{prev.seq, a.anchor}
	changed, events := map[int64]*Item{}, map[int64]*pg.EventRecord{}
	// The units are read as they are now, which may be later than the rows of the log that name them. Looking again
	// until the log has not grown keeps the halves of a transaction together.
	for range maxRounds {
		mentioned, next, err := a.readLog(ctx, cur, tooMany(prev))
		switch {
		case errors.Is(err, errLogReplaced):
			a.log.Warn("atlas: " + err.Error())
			return a.reload(ctx)
		case err != nil:
			return err
		case next.seq == cur.seq:
			return a.apply(ctx, prev, next, changed, events)
		}
		for id := range mentioned.units {
			changed[id] = nil
		}
		if len(changed) > tooMany(prev) {
			return a.reload(ctx)
		}
		if err := a.readUnits(ctx, mentioned.units, changed); err != nil {
			return err
		}
		if err := a.readEvents(ctx, mentioned.events, events); err != nil {
			return err
		}
		cur = next
	}
	return a.apply(ctx, prev, cur, changed, events)
}

// tooMany is the number of changed units from which loading everything anew, in one consistent state, is better than
// following each.
func tooMany(s *Snapshot) int { return max(200, s.Len()/10) }

func (a *Atlas) apply(ctx context.Context, prev *Snapshot, to cursor, changed map[int64]*Item, events map[int64]*pg.EventRecord) error {
	if to.seq == prev.seq {
		return nil
	}
	start := time.Now()
	s, touched, err := derive(prev, to.seq, changed, prev.book.with(events))
	if err != nil {
		a.log.Error("atlas: change could not be applied, loading everything", "seq", to.seq, "error", err)
		return a.reload(ctx)
	}
	a.anchor = to.anchor
	a.swap(s, Event{Seq: s.seq, Touched: touched})
	a.log.Debug("atlas: followed", "seq", s.seq, "units", len(changed), "events", len(events), "took", time.Since(start))
	return nil
}

// cursor is a place in the log: its sequence, and the row there as it was seen.
type cursor struct {
	seq    int64
	anchor *anchor
}

// anchor identifies one row of the log. If the row at our own sequence is no longer the one we saw, then the log is
// another one, even if it has grown beyond our sequence since.
type anchor struct {
	id            int64
	time          time.Time
	subject       string
	before, after []byte
}

func anchorOf(c *pg.Change) *anchor {
	return &anchor{c.ID, c.Time, c.Subject, c.Before, c.After}
}

func (x *anchor) is(c *pg.Change) bool {
	return x.id == c.ID && x.time.Equal(c.Time) && x.subject == c.Subject &&
		bytes.Equal(x.before, c.Before) && bytes.Equal(x.after, c.After)
}

// mentioned are the ids of the rows that a stretch of the log names.
type mentioned struct{ units, events map[int64]struct{} }

// readLog returns what the log names after cur, and its end. It stops reading at more than limit units, since then
// nobody asks which.
func (a *Atlas) readLog(ctx context.Context, cur cursor, limit int) (mentioned, cursor, error) {
	ids := mentioned{map[int64]struct{}{}, map[int64]struct{}{}}
	seq := cur.seq
	if cur.anchor != nil {
		seq--
	}
	for first := true; ; first = false {
		rows, err := a.changes(ctx, seq)
		if err != nil {
			return mentioned{}, cur, fmt.Errorf("reading the change log after %d: %w", seq, err)
		}
		full := len(rows) == changePage
		if first {
			if cur.anchor != nil {
				if len(rows) == 0 || rows[0].Seq != cur.seq || !cur.anchor.is(&rows[0]) {
					return mentioned{}, cur, errLogReplaced
				}
				rows = rows[1:]
			} else if len(rows) == 0 {
				last, err := a.lastSeq(ctx)
				if err != nil {
					return mentioned{}, cur, fmt.Errorf("reading the end of the change log: %w", err)
				}
				if last < cur.seq {
					return mentioned{}, cur, errLogReplaced
				}
			}
		}
		for i := range rows {
			switch rows[i].Subject {
			case "division":
				ids.units[rows[i].ID] = struct{}{}
			case "event":
				ids.events[rows[i].ID] = struct{}{}
			}
		}
		if len(rows) > 0 {
			end := &rows[len(rows)-1]
			cur = cursor{end.Seq, anchorOf(end)}
			seq = cur.seq
		}
		if !full || len(ids.units) > limit {
			return ids, cur, nil
		}
	}
}

func (a *Atlas) changes(ctx context.Context, after int64) ([]pg.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return a.src.ChangesAfter(ctx, after, changePage)
}

func (a *Atlas) lastSeq(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return a.src.LastSeq(ctx)
}

// readUnits puts the public ones among the units with the ids into changed.
func (a *Atlas) readUnits(ctx context.Context, ids map[int64]struct{}, changed map[int64]*Item) error {
	page := make([]int64, 0, min(len(ids), unitPage))
	read := func() error {
		ctx, cancel := context.WithTimeout(ctx, queryTimeout)
		defer cancel()
		units, err := a.src.DivisionsByID(ctx, page)
		if err != nil {
			return fmt.Errorf("reading %d changed divisions: %w", len(page), err)
		}
		for _, u := range units {
			if visible(&u) {
				changed[u.ID] = newItem(u)
			}
		}
		page = page[:0]
		return nil
	}
	for id := range ids {
		if page = append(page, id); len(page) == unitPage {
			if err := read(); err != nil {
				return err
			}
		}
	}
	if len(page) > 0 {
		return read()
	}
	return nil
}

// visible says which records the atlas may hold; see the package comment.
func visible(u *division.Unit) bool { return u.Secrecy == division.Public }

// reload reads everything and swaps it in.
func (a *Atlas) reload(ctx context.Context) error {
	start := time.Now()
	prev := a.snap.Load()
	lctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(stallTimeout, func() { cancel(errors.New("the database fell silent during loading")) })
	defer watch.Stop()

	var items []*Item
	seq, err := a.src.EachDivision(lctx, func(u division.Unit) error {
		watch.Reset(stallTimeout)
		if !visible(&u) {
			return nil
		}
		if prev != nil {
			// The old item is kept where it still holds: it has its JSON, and the new geometry need not stay.
			if old, ok := prev.ByID(u.ID); ok && sameUnit(&old.Unit, &u) {
				items = append(items, old)
				return nil
			}
		}
		items = append(items, newItem(u))
		return nil
	})
	if err != nil {
		if cause := context.Cause(lctx); cause != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w (%w)", cause, err)
		}
		return fmt.Errorf("loading the divisions: %w", err)
	}
	watch.Stop()
	// Read after the units: an event that is newer than they are names versions that the next following brings.
	ectx, done := context.WithTimeout(ctx, queryTimeout)
	defer done()
	events, err := allEvents(ectx, a.src)
	if err != nil {
		return err
	}

	// The row at our own place, by which a replaced log is recognised; a log that no longer holds it leaves us with
	// the sequence alone.
	var at *anchor
	if seq > 0 {
		rows, err := a.changes(ctx, seq-1)
		if err != nil {
			return fmt.Errorf("reading the change log after %d: %w", seq-1, err)
		}
		if len(rows) > 0 && rows[0].Seq == seq {
			at = anchorOf(&rows[0])
		}
	}

	gen := uint64(1)
	if prev != nil {
		gen = prev.log.gen + 1
	}
	read := time.Since(start)
	s, err := build(ctx, seq, items, events, gen)
	if err != nil {
		return err
	}
	a.anchor = at
	a.mu.Lock()
	a.health.CheckedAt = time.Now()
	a.mu.Unlock()
	a.swap(s, Event{Seq: seq, Reset: prev != nil})
	a.log.Info("atlas: loaded", "seq", seq, "units", len(items), "read", read, "took", time.Since(start))
	return nil
}
