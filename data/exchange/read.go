package exchange

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"yutu/data/exchange/internal/tally"
	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// steps of Options.Progress: half for reading, half for checking.
const progressSteps = 1000

func readDivisions(ctx context.Context, path string, o Options, known Known) (*Divisions, error) {
	path, layer := splitLayer(path)
	out := &Divisions{Columns: map[string]string{}}
	fm, bad, err := detect(path)
	if err != nil {
		return nil, err
	}
	if bad != nil {
		out.Findings = []geo.Finding{*bad}
		return out, nil
	}
	ahead := newEarly()
	f, err := load(ctx, path, layer, fm, o, ahead.take, half(o.Progress, 0))
	ahead.finish()
	if err != nil {
		return nil, err
	}
	c := &check{ctx: ctx, o: o, known: known, f: f, out: out}
	if c.o.Source == "" {
		c.o.Source = filepath.Base(path)
	}
	for _, x := range f.findings {
		c.findings.Add(x)
	}
	out.Records = f.records
	if err := c.run(); err != nil {
		return nil, err
	}
	out.Findings = c.findings.All(f.name)
	slices.SortStableFunc(out.Findings, func(a, b geo.Finding) int { return a.Record - b.Record })
	return out, nil
}

// half scales the progress of one half of the work.
func half(progress func(done, total int64), from int64) func(done, total int64) {
	if progress == nil {
		return nil
	}
	last := int64(-1)
	return func(done, total int64) {
		step := from
		if total > 0 {
			step += done * (progressSteps / 2) / total
		}
		if step != last {
			last = step
			progress(step, progressSteps)
		}
	}
}

// check turns the records of one file into units.
type check struct {
	ctx      context.Context
	o        Options
	known    Known
	f        *file
	out      *Divisions
	picks    map[string]pick
	crs      crs.CRS
	useGeom  bool // the coordinates can be understood
	findings tally.List
	units    []unit // parallel to f.rows
}

// unit is a division in the making.
type unit struct {
	division.Unit
	ok       bool // the record is one
	record   int
	parentAs string // the parent as the file writes it, "" where it says nothing
	outside  bool   // of the plausible extent
	// within is a point inside, zero where the geometry is no area. The place for the name is sought when the unit is
	// stored: that costs more than all checks of the geometry, and checks are often all that is asked for.
	within   orb.Point
	findings []geo.Finding
}

func (c *check) run() error {
	if c.f.broken {
		return nil
	}
	if worst, _ := geo.Worst(c.f.findings); len(c.f.rows) == 0 && worst < geo.Error {
		c.findings.Add(noRecords(c.f.name))
		return nil
	}
	picks, fs := settleColumns(c.f.name, c.f.cols, c.f.rows, c.o, c.f.all)
	c.picks = picks
	for _, f := range fs {
		c.findings.Add(f)
	}
	for field, p := range picks {
		if p.at >= 0 {
			c.out.Columns[field] = c.f.cols[p.at].name
		}
	}
	c.settleCRS()
	if picks[fieldCode].at < 0 {
		// Without codes nothing can be said about single units but that.
		return nil
	}
	if err := c.convertAll(); err != nil {
		return err
	}
	c.collect()
	if err := c.crossChecks(); err != nil {
		return err
	}
	for i := range c.units {
		if u := &c.units[i]; u.ok && c.useGeom {
			c.out.Units = append(c.out.Units, u.Unit)
		}
	}
	slices.SortStableFunc(c.out.Units, func(a, b division.Unit) int {
		if a.Level != b.Level {
			return int(a.Level) - int(b.Level)
		}
		if n := strings.Compare(string(a.Code), string(b.Code)); n != 0 {
			return n
		}
		switch {
		case a.Valid.From < b.Valid.From:
			return -1
		case a.Valid.From > b.Valid.From:
			return 1
		}
		return 0
	})
	return nil
}

// settleCRS decides in which system the coordinates are, and whether they look it.
func (c *check) settleCRS() {
	declared, err := c.declaredCRS()
	switch {
	case c.o.CRS != "":
		asked, badly := crs.Parse(c.o.CRS)
		if badly != nil {
			c.findings.Add(crsOptionUnknown(c.f.name, c.o.CRS, badly))
			return
		}
		if err == nil && declared != asked && c.f.crsFrom != "RFC 7946" {
			c.findings.Add(crsOverridden(c.f.name, declared.String(), c.f.crsFrom, asked.String()))
		}
		c.crs = asked
	case err != nil:
		c.findings.Add(crsUnknown(c.f.name, c.f.crsFrom, firstOf(c.f.crsID, c.f.crsWKT), err))
		return
	default:
		c.crs = declared
	}
	c.out.CRS = c.crs.String()
	c.useGeom = true
	var distance func(orb.Point) (float64, bool)
	if c.known != nil {
		distance = c.known.BorderDistanceM
	}
	for _, s := range crs.Suspect(c.crs, c.sample(), distance) {
		c.findings.Add(suspicious(c.f.name, s))
		if s.Kind != crs.ShiftedGCJ02 && s.Kind != crs.ShiftedBD09 {
			// Every coordinate would be out of range for the same one reason.
			c.useGeom = false
		}
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (c *check) declaredCRS() (crs.CRS, error) {
	if c.f.crsID != "" {
		got, err := crs.Parse(c.f.crsID)
		if err == nil || c.f.crsWKT == "" {
			return got, err
		}
	}
	return crs.FromWKT(c.f.crsWKT)
}

// sampleVertices is how many coordinates are looked at to see whether they are what the file says.
const sampleVertices = 2000

// sample takes vertices evenly from the whole file, as they are in it.
func (c *check) sample() []orb.Point {
	total := 0
	for i := range c.f.rows {
		total += vertices(c.f.rows[i].geom)
	}
	stride := max(1, total/sampleVertices)
	out := make([]orb.Point, 0, min(total, sampleVertices+1))
	skip := 0
	for i := range c.f.rows {
		for _, poly := range c.f.rows[i].geom {
			for _, ring := range poly {
				for ; skip < len(ring); skip += stride {
					out = append(out, ring[skip])
				}
				skip -= len(ring)
			}
		}
	}
	return out
}

func vertices(mp orb.MultiPolygon) int {
	n := 0
	for _, poly := range mp {
		for _, ring := range poly {
			n += len(ring)
		}
	}
	return n
}

// inParallel calls fn for 0 … n−1 on all processors and stops early when ctx ends.
func (c *check) inParallel(n int, progress func(done, total int64), fn func(i int)) error {
	var next, done atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for c.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				fn(i)
				if d := done.Add(1); progress != nil && d%64 == 0 {
					mu.Lock()
					progress(d, int64(n))
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if progress != nil {
		progress(int64(n), int64(n))
	}
	return c.ctx.Err()
}

func (c *check) convertAll() error {
	c.units = make([]unit, len(c.f.rows))
	return c.inParallel(len(c.f.rows), half(c.o.Progress, progressSteps/2), func(i int) {
		c.units[i] = c.convert(&c.f.rows[i])
		c.f.rows[i].geom = nil
	})
}

// collect puts the findings of the records in the order of the file, and what only all records together show.
func (c *check) collect() {
	outside, firstOutside := 0, -1
	for i := range c.units {
		u := &c.units[i]
		for _, f := range u.findings {
			c.findings.Add(f)
		}
		u.findings = nil
		if u.outside {
			if outside++; outside == 1 {
				firstOutside = i
			}
		}
		if u.ok && u.Valid != division.Always {
			c.out.HasValidRange = true
		}
	}
	if outside > 0 {
		u := &c.units[firstOutside]
		c.findings.Add(outsideExtent(c.f.name, u, outside))
	}
}
