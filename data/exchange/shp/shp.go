// Package shp reads polygon Shapefiles: .shp with .dbf, and .shx, .cpg, .prj where they exist.
//
// Reading is sequential and bounded: no size that the file declares is trusted before the bytes are there, and
// the sum of what is read never exceeds the length of the files. What is wrong with the file is a finding that
// names file and record; an error means that the disk failed or the context ended.
//
// Format: ESRI Shapefile Technical Description, July 1998; dBASE III/IV table files.
package shp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"

	"yutu/data/exchange/internal/tally"
	"yutu/geo"
)

// Limits bound what one file may cost. Zero fields take the defaults.
type Limits struct {
	// MaxFileBytes bounds each of the files, default 4 GiB.
	MaxFileBytes int64
	// MaxVertices bounds one geometry, default 5,000,000.
	MaxVertices int
}

func (l Limits) filled() Limits {
	if l.MaxFileBytes == 0 {
		l.MaxFileBytes = 4 << 30
	}
	if l.MaxVertices == 0 {
		l.MaxVertices = 5_000_000
	}
	return l
}

// Record is one shape with its row of the table.
type Record struct {
	// Number counts from 1, as the file does.
	Number int
	// Values are parallel to Header.Fields: text without padding, numbers as they are written, dates YYYYMMDD,
	// logical values "true" or "false", "" for nothing.
	Values []string
	// Geom holds raw coordinates, x = easting or longitude, y = northing or latitude. Rings are assigned by
	// containment and left open or closed as they are in the file. Nil for a null shape.
	Geom orb.MultiPolygon
}

// Header is what the file says of itself.
type Header struct {
	Fields []Field
	// Records is how many shapes the .shp holds, readable or not.
	Records int
	// Encoding the text was read in: "UTF-8", "GB18030" or "Big5".
	Encoding string
	// PRJ is the text of the .prj, "" where there is none.
	PRJ string
}

const (
	headerBytes = 100
	fileCode    = 9994
)

// shape types that a division can have.
const (
	shapeNull     = 0
	shapePolygon  = 5
	shapePolygonZ = 15
	shapePolygonM = 25
)

// Read reads the Shapefile whose .shp is at path and calls fn for each record in the order of the file. Records
// whose shape is damaged are reported and left out. An error of fn ends the reading and is returned as it is.
func Read(ctx context.Context, path string, lim Limits, progress func(done, total int64), fn func(Record) error) (Header, []geo.Finding, error) {
	r := &reader{path: path, lim: lim.filled(), progress: progress}
	defer r.close()
	err := r.run(ctx, fn)
	if errors.Is(err, errGaveUp) {
		err = nil
	}
	return r.head, r.findings.All(filepath.Base(path)), err
}

// errGaveUp ends the reading where a finding says why.
var errGaveUp = errors.New("gave up")

type reader struct {
	path     string
	lim      Limits
	progress func(done, total int64)
	head     Header
	findings tally.List
	files    []*os.File

	shp     *os.File
	shpName string
	size    int64 // bytes of the .shp that may be read: the smaller of declared and real
	real    int64 // bytes of the .shp on disk
	budget  int64 // bytes of records that may still be read
	table   *table
	index   *index
	buf     []byte
	nest    nester
}

func (r *reader) close() {
	for _, f := range r.files {
		f.Close()
	}
}

func (r *reader) add(f geo.Finding) { r.findings.Add(f) }

// Siblings finds the files that belong to the .shp at path, whatever the case of their endings; the keys are
// lower-case endings such as ".dbf".
func Siblings(path string) (map[string]string, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	out := map[string]string{}
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		name, key := strings.TrimSuffix(e.Name(), ext), strings.ToLower(ext)
		if !strings.EqualFold(name, stem) || e.IsDir() {
			continue
		}
		// Of A.dbf and a.dbf beside A.shp, A.dbf is the one.
		if _, taken := out[key]; !taken || name == stem {
			out[key] = filepath.Join(dir, e.Name())
		}
	}
	return out, nil
}

func (r *reader) open(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	r.files = append(r.files, f)
	st, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if st.Size() > r.lim.MaxFileBytes {
		r.add(fileTooLarge(filepath.Base(path), st.Size(), r.lim.MaxFileBytes))
		return nil, 0, errGaveUp
	}
	return f, st.Size(), nil
}

func (r *reader) run(ctx context.Context, fn func(Record) error) error {
	r.shpName = filepath.Base(r.path)
	siblings, err := Siblings(r.path)
	if err != nil {
		return err
	}
	if r.shp, r.real, err = r.open(r.path); err != nil {
		return err
	}
	if err := r.readHeader(); err != nil {
		return err
	}
	if p, ok := siblings[".prj"]; ok {
		text, err := readSmall(p)
		if err != nil {
			return err
		}
		r.head.PRJ = strings.TrimPrefix(text, "\ufeff")
	}
	if err := r.openTable(ctx, siblings); err != nil {
		return err
	}
	if err := r.openIndex(siblings); err != nil {
		return err
	}
	return r.records(ctx, fn)
}

// readSmall reads the first 64 KiB of a small text file; .prj and .cpg have no use for more.
func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return strings.TrimSpace(string(b)), err
}

func (r *reader) readHeader() error {
	if r.real < headerBytes {
		r.add(tooShort(r.shpName, r.real, headerBytes))
		return errGaveUp
	}
	var h [headerBytes]byte
	if _, err := r.shp.ReadAt(h[:], 0); err != nil {
		return err
	}
	if be32(h[0:]) != fileCode {
		r.add(notShapefile(r.shpName))
		return errGaveUp
	}
	switch t := le32(h[32:]); t {
	case shapePolygon, shapePolygonZ, shapePolygonM, shapeNull:
	default:
		r.add(notPolygons(r.shpName, shapeName(t)))
		return errGaveUp
	}
	declared := int64(be32(h[24:])) * 2
	r.size = min(declared, r.real)
	switch {
	case declared > r.real:
		r.add(truncated(r.shpName, 0, declared, r.real))
	case declared < headerBytes:
		r.add(tooShort(r.shpName, declared, headerBytes))
		return errGaveUp
	case declared < r.real:
		r.add(trailing(r.shpName, declared, r.real))
	}
	r.budget = r.size
	return nil
}

// records walks the shapes: by the index where there is one, as edited files hold dead shapes between the
// living, else one after the other.
func (r *reader) records(ctx context.Context, fn func(Record) error) error {
	at := int64(headerBytes)
	for n := 1; ; n++ {
		if n%256 == 1 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if r.progress != nil {
				r.progress(min(at, r.size), r.size)
			}
		}
		if r.index != nil {
			off, ok, err := r.index.next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			at = off
		} else if at >= r.size {
			break
		}
		r.head.Records = n
		next, rec, err := r.record(n, at)
		if err != nil {
			return err
		}
		at = next
		row, ok, err := r.table.row(n)
		if err != nil {
			return err
		}
		if !ok {
			// The row is missing: reported once, after the last record, by how many are.
			continue
		}
		if rec == nil || row == nil {
			continue
		}
		rec.Values = row
		if err := fn(*rec); err != nil {
			return err
		}
	}
	r.table.compare(r, r.head.Records)
	if r.progress != nil {
		r.progress(r.size, r.size)
	}
	return nil
}

// record reads the shape at an offset and says where the next one begins. A nil record was damaged and
// reported.
func (r *reader) record(n int, at int64) (int64, *Record, error) {
	if at < headerBytes || at+8 > r.size {
		r.add(cutRecord(r.shpName, n, at, at+8, r.size))
		return r.size, nil, nil
	}
	var h [8]byte
	if _, err := r.shp.ReadAt(h[:], at); err != nil {
		return 0, nil, err
	}
	length := int64(be32(h[4:])) * 2
	end := at + 8 + length
	if end > r.size {
		r.add(cutRecord(r.shpName, n, at, end, r.size))
		return r.size, nil, nil
	}
	if r.budget -= 8 + length; r.budget < 0 {
		r.add(overlapping(r.shpName, n))
		return 0, nil, errGaveUp
	}
	if int64(cap(r.buf)) < length {
		r.buf = make([]byte, max(length, 64<<10))
	}
	b := r.buf[:length]
	if _, err := r.shp.ReadAt(b, at+8); err != nil {
		return 0, nil, err
	}
	rings, bad := decodeRings(b, r.lim.MaxVertices)
	if bad != "" {
		r.add(badShape(r.shpName, n, bad))
		return end, nil, nil
	}
	geom, odd, ok := r.nest.assemble(rings)
	if !ok {
		r.add(tooNested(r.shpName, n))
		return end, nil, nil
	}
	if odd != nil {
		r.add(oddRing(r.shpName, n, *odd))
	}
	return end, &Record{Number: n, Geom: geom}, nil
}

// decodeRings reads the content of a record. The rings share one backing array, which is never larger than the
// content. bad says in a few words what is wrong.
func decodeRings(b []byte, maxVertices int) (rings []orb.Ring, bad string) {
	if len(b) < 4 {
		return nil, "no shape type"
	}
	switch t := le32(b); t {
	case shapeNull:
		return nil, ""
	case shapePolygon, shapePolygonZ, shapePolygonM:
	default:
		return nil, "shape type " + shapeName(t)
	}
	const fixed = 4 + 32 + 4 + 4
	if len(b) < fixed {
		return nil, "header cut"
	}
	parts, points := int64(le32(b[36:])), int64(le32(b[40:]))
	if int64(len(b)) < fixed+4*parts+16*points {
		return nil, fmt.Sprintf("declares %d parts and %d points, which need %d bytes, and has %d", parts, points, fixed+4*parts+16*points, len(b))
	}
	if points > int64(maxVertices) {
		return nil, fmt.Sprintf("%d points, more than the %d that one shape may have", points, maxVertices)
	}
	starts, coords := b[fixed:], b[fixed+4*parts:]
	all := make(orb.Ring, points)
	for i := range all {
		all[i] = orb.Point{lef64(coords[16*i:]), lef64(coords[16*i+8:])}
	}
	for i := range parts {
		from, to := int64(le32(starts[4*i:])), points
		if i+1 < parts {
			to = int64(le32(starts[4*i+4:]))
		}
		if from > to || to > points {
			return nil, fmt.Sprintf("part %d begins at point %d and ends at point %d of %d", i+1, from, to, points)
		}
		if from < to {
			rings = append(rings, all[from:to:to])
		}
	}
	if parts == 0 && points > 0 {
		return nil, fmt.Sprintf("%d points without a part", points)
	}
	return rings, ""
}
