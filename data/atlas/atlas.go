package atlas

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"yutu/data/pg"
	"yutu/geo/division"
	"yutu/tiles/index"
)

// Source is the database as the atlas needs it; *pg.Store is one.
type Source interface {
	// EachDivision calls fn for every unit of one consistent state and returns that state's place in the log.
	EachDivision(ctx context.Context, fn func(division.Unit) error) (seq int64, err error)
	// DivisionsByID returns the units that exist among ids, in any order.
	DivisionsByID(ctx context.Context, ids []int64) ([]division.Unit, error)
	// Events returns all events, withdrawn ones too, and a place in the log from which on they are so.
	Events(ctx context.Context) (events []pg.EventRecord, seq int64, err error)
	// EventsByID returns the events that exist among ids, in any order.
	EventsByID(ctx context.Context, ids []int64) ([]pg.EventRecord, error)
	// ChangesAfter returns up to limit rows of the log with a sequence above seq, in order.
	ChangesAfter(ctx context.Context, seq int64, limit int) ([]pg.Change, error)
	LastSeq(ctx context.Context) (int64, error)
	// Listen calls wake for each notification; it blocks and returns when the connection is lost or ctx ends.
	Listen(ctx context.Context, wake func()) error
}

var _ Source = (*pg.Store)(nil)

// Options are the settings of an Atlas; the zero value is usable.
type Options struct {
	// Log receives what the operator should know; nil discards it.
	Log *slog.Logger
	// CacheBytes bounds the cache of finished tiles; 0 means DefaultCacheBytes.
	CacheBytes int64
	// Poll is how often the log is read when nothing wakes the atlas; 0 means DefaultPoll.
	Poll time.Duration
}

const (
	// DefaultCacheBytes is the room for finished tiles when Options says nothing.
	DefaultCacheBytes = 128 << 20
	// DefaultPoll is the interval at which the log is read even when no notification arrives.
	DefaultPoll = 2 * time.Second
)

// Health says whether the atlas is up to date.
type Health struct {
	// Degraded is true from the first failed reading of the log to the next successful one.
	Degraded bool
	// Since is when Degraded began; zero when not degraded.
	Since time.Time
	// Seq is the place in the log up to which the present snapshot has followed.
	Seq int64
	// LoadedAt is when the present snapshot was swapped in.
	LoadedAt time.Time
	// CheckedAt is when the log was last read successfully: the snapshot was up to date at that moment.
	CheckedAt time.Time
	// Error is the short reason of the degradation, for the operator; empty when not degraded.
	Error string
}

// Event tells a subscriber that something changed; exactly one of Touched, Reset and Health is meant.
type Event struct {
	// Seq is the place in the log of the snapshot this event belongs to.
	Seq int64
	// Touched lists the tiles whose content may have changed, at all dates.
	Touched []index.Touched
	// Reset says that everything may have changed: after a full reload, and instead of the events that a
	// subscriber was too slow to take.
	Reset bool
	// Health is the new health after it became degraded or recovered.
	Health *Health
}

// Atlas holds the present snapshot, the cache of finished tiles and the subscribers. Safe for concurrent use.
type Atlas struct {
	src  Source
	log  *slog.Logger
	poll time.Duration

	snap  atomic.Pointer[Snapshot]
	tiles *tileCache
	wake  chan struct{} // capacity 1

	mu     sync.Mutex // guards all below
	health Health
	moved  chan struct{} // closed and replaced at each swap
	subs   map[*subscriber]struct{}

	// anchor is the log's row at the snapshot's own sequence; only the follower touches it.
	anchor *anchor
}

// Open loads the first snapshot. It returns the database's error when the database cannot be read: whether to wait
// or to give up is the program's decision.
func Open(ctx context.Context, src Source, o Options) (*Atlas, error) {
	a := newAtlas(src, o)
	if err := a.reload(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// Load reads one snapshot for a command that asks and ends: it is not followed and has no tiles.
func Load(ctx context.Context, src Source) (*Snapshot, error) {
	var items []*Item
	seq, err := src.EachDivision(ctx, func(u division.Unit) error {
		if visible(&u) {
			items = append(items, newItem(u))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("loading the divisions: %w", err)
	}
	b, err := allEvents(ctx, src)
	if err != nil {
		return nil, err
	}
	return assemble(ctx, seq, items, b, 1, false)
}

func newAtlas(src Source, o Options) *Atlas {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.Poll <= 0 {
		o.Poll = DefaultPoll
	}
	return &Atlas{
		src: src, log: o.Log, poll: o.Poll,
		tiles: newTileCache(o.CacheBytes),
		wake:  make(chan struct{}, 1),
		moved: make(chan struct{}),
		subs:  map[*subscriber]struct{}{},
	}
}

// Snapshot returns the present snapshot; it never changes, and stays valid for as long as the caller holds it.
func (a *Atlas) Snapshot() *Snapshot { return a.snap.Load() }

// WaitFor returns when the snapshot has followed the log up to seq, so that a reader sees what it has just
// written. It returns ctx's error when that does not happen in time, for example while the database is away.
func (a *Atlas) WaitFor(ctx context.Context, seq int64) error {
	for {
		a.mu.Lock()
		moved := a.moved
		a.mu.Unlock()
		if a.snap.Load().seq >= seq {
			return nil
		}
		a.Wake()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Wake makes Run read the log now instead of at the next notification or poll. It never blocks.
func (a *Atlas) Wake() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Health returns the present health.
func (a *Atlas) Health() Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.health
}

// swap makes s the present snapshot and tells everybody. It is called by the follower only.
func (a *Atlas) swap(s *Snapshot, e Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.snap.Store(s)
	a.health.Seq, a.health.LoadedAt = s.seq, s.loadedAt
	close(a.moved)
	a.moved = make(chan struct{})
	if e.Reset || len(e.Touched) > 0 {
		a.publish(e)
	}
}
