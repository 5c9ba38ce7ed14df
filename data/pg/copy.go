package pg

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yutu/geo/topo"
)

// newDivisionIDs reserves n ids, ascending. The caller holds lockDivisions, so that no other writer of divisions takes
// one between the two calls of the sequence.
func (t *Tx) newDivisionIDs(ctx context.Context, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	var first int64
	err := t.tx.QueryRow(ctx, `SELECT setval(s, nextval(s) + $1 - 1) - $1 + 1 FROM pg_get_serial_sequence('division', 'id') AS s`, n).Scan(&first)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = first + int64(i)
	}
	return ids, nil
}

// progressStep is how many rows pass between two reports.
const progressStep = 256

// copyDivisions inserts rows with the ids that they carry. Units without a label get theirs while the rows before them
// are on their way: the search for its place costs as much as the server's part, and would stand idle otherwise.
func (t *Tx) copyDivisions(ctx context.Context, writes []write, importID *int64, progress func(done int)) error {
	labels := seekLabels(writes)
	defer labels.stop()
	var ewkb, label []byte
	values := make([]any, 0, 15)
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{"division"},
		[]string{"id", "code", "level", "type", "name", "parent", "valid", "secrecy", "source", "synthetic", "crs_original",
			"geom", "label", "hash", "import_id"},
		pgx.CopyFromSlice(len(writes), func(i int) ([]any, error) {
			if progress != nil && i%progressStep == 0 {
				progress(i)
			}
			u := &writes[i].unit
			at := labels.of(i)
			ewkb = appendEWKB(slices.Grow(ewkb[:0], ewkbSize(u.Geom)), u.Geom)
			// The driver sends a []byte as it is, and PostGIS's binary input is EWKB.
			values = append(values[:0], u.ID, string(u.Code), int16(u.Level), u.Type, u.Name, nil, dateRange(u.Valid), u.Secrecy.String(),
				u.Source, u.Synthetic, u.CRSOriginal, ewkb, nil, writes[i].hash[:], importID)
			if u.Parent != "" {
				values[5] = string(u.Parent)
			}
			if at != (orb.Point{}) {
				label = appendPointEWKB(label[:0], at)
				values[12] = label
			}
			return values, nil
		}))
	if err == nil && progress != nil {
		progress(len(writes))
	}
	return err
}

// labelsAtOnce is how many labels a goroutine seeks before it looks for more to do.
const labelsAtOnce = 32

// labels are the places for the names of rows, some of which are still being sought.
type labels struct {
	writes []write
	found  []orb.Point
	ready  []chan struct{} // by labelsAtOnce rows
	next   atomic.Int64
	wg     sync.WaitGroup
}

// seekLabels begins to seek the labels of the rows that have none, in their order. One processor is left to the server,
// which usually stands on the same machine.
func seekLabels(writes []write) *labels {
	l := &labels{writes: writes, found: make([]orb.Point, len(writes))}
	for range (len(writes) + labelsAtOnce - 1) / labelsAtOnce {
		l.ready = append(l.ready, make(chan struct{}))
	}
	for range min(max(1, runtime.GOMAXPROCS(0)-1), len(l.ready)) {
		l.wg.Go(func() {
			for {
				c := int(l.next.Add(1)) - 1
				if c >= len(l.ready) {
					return
				}
				for i := c * labelsAtOnce; i < min((c+1)*labelsAtOnce, len(writes)); i++ {
					if u := &writes[i].unit; u.Label != (orb.Point{}) {
						l.found[i] = u.Label
					} else {
						l.found[i] = topo.LabelPoint(u.Geom)
					}
				}
				close(l.ready[c])
			}
		})
	}
	return l
}

// of waits for the label of row i; the zero Point stands for none.
func (l *labels) of(i int) orb.Point {
	<-l.ready[i/labelsAtOnce]
	return l.found[i]
}

// stop leaves the labels that are not yet begun, and waits for the others.
func (l *labels) stop() {
	l.next.Store(int64(len(l.ready)))
	l.wg.Wait()
}
