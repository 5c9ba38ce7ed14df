package api

import (
	"encoding/hex"
	"hash/fnv"
	"strconv"
	"sync"

	"github.com/paulmach/orb"

	"yutu/data/atlas"
	"yutu/geo/division"
)

// view is a snapshot together with what the collection's description says of it.
type view struct {
	*atlas.Snapshot
	tag    string
	once   sync.Once
	extent extent
	decide struct {
		once  sync.Once
		state *division.State
	}
}

// extent sums up all versions of a snapshot.
type extent struct {
	// bounds is the box of all versions; hasBounds is false without any geometry.
	bounds    orb.Bound
	hasBounds bool
	// valid spans all valid times; Past and Future where an end is open. Empty without units.
	valid division.Range
	// synthetic is true when any version is made-up demonstration data.
	synthetic bool
	count     int
}

// view returns the present snapshot. Views of the same snapshot by one process have the same entity tags; those of
// two snapshots never do, even if a restored database gives both the same sequence.
func (s *server) view() *view {
	snap := s.Atlas.Snapshot()
	old := s.current.Load()
	if old != nil && old.Snapshot == snap {
		return old
	}
	v := &view{Snapshot: snap, tag: s.boot + "." + strconv.FormatInt(s.views.Add(1), 36) + "." + strconv.FormatInt(snap.Seq(), 10)}
	// Of several requests that find a new snapshot one may win; the others' views are as true.
	s.current.CompareAndSwap(old, v)
	return v
}

// decisions is what crosswalks follow units through, made at the first call.
func (v *view) decisions() *division.State {
	v.decide.once.Do(func() { v.decide.state = v.State() })
	return v.decide.state
}

func (v *view) entityTag(variant ...string) string {
	h := fnv.New128a()
	_, _ = h.Write([]byte(v.tag))
	for _, part := range variant {
		_, _ = h.Write([]byte{0})
		_, _ = h.Write([]byte(part))
	}
	return `W/"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// all returns the sum over all versions, computed at the first call.
func (v *view) all() *extent {
	v.once.Do(func() {
		e := &v.extent
		for _, it := range v.Query(atlas.Query{}).Units {
			u := &it.Unit
			if e.count == 0 {
				e.valid = u.Valid
			}
			e.count++
			e.valid.From, e.valid.To = min(e.valid.From, u.Valid.From), max(e.valid.To, u.Valid.To)
			e.synthetic = e.synthetic || u.Synthetic
			if it.Bounds.IsEmpty() {
				continue
			}
			if !e.hasBounds {
				e.bounds, e.hasBounds = it.Bounds, true
			}
			e.bounds = e.bounds.Union(it.Bounds)
		}
	})
	return &v.extent
}
