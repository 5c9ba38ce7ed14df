// Package gpkg reads one polygon layer of a GeoPackage. The file is opened read-only and immutable, nothing in
// its schema is trusted, and no blob costs more memory than a small multiple of its length. What is wrong with
// the file is a finding; an error means that the disk failed or the context ended.
//
// Format: OGC 12-128r19, GeoPackage Encoding Standard 1.4, clauses 1.1, 2.1.
package gpkg

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"

	"yutu/data/exchange/internal/tally"
	"yutu/geo"
)

// Limits bound what one file may cost. Zero fields take the defaults.
type Limits struct {
	// MaxFileBytes bounds the file, default 4 GiB.
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

// Record is one row of the layer.
type Record struct {
	// Number counts rows from 1 in the order of the table.
	Number int
	// Values are parallel to Header.Columns: text as it is, numbers in plain decimals, "" for NULL.
	Values []string
	// Geom holds raw coordinates, x = easting or longitude whatever the axis order of the reference system.
	// Nil where the geometry is NULL or empty.
	Geom orb.MultiPolygon
}

// SRS is the layer's entry in gpkg_spatial_ref_sys.
type SRS struct {
	// Organization and ID name the system, such as "EPSG" 4490. ID 0 and -1 stand for undefined.
	Organization string
	ID           int64
	Name         string
	Definition   string // WKT
}

// Header is what the file says of the layer.
type Header struct {
	// Layer is the layer that was read, "" when none could be chosen.
	Layer   string
	Columns []string
	SRS     SRS
	// Records is how many rows were read, readable or not.
	Records int
}

const (
	// maxTextBytes bounds one attribute; a name of a place has a few dozen bytes.
	maxTextBytes = 64 << 10
	maxColumns   = 2000 // SQLite's own default
)

var errGaveUp = errors.New("gave up")

type reader struct {
	path, name string
	lim        Limits
	size       int64
	budget     int64 // bytes of texts and geometries that may still be kept
	cells      int64 // values that may still be kept
	conn       *sqlite.Conn
	head       Header
	findings   tally.List
	geomColumn string
	progress   func(done, total int64)
	buf        []byte
	broken     broken
}

func (r *reader) add(f geo.Finding) { r.findings.Add(f) }

// Read reads the layer, or where layer is "" the only polygon layer of the file, and calls fn for each row in
// the order of the table. Rows whose geometry is damaged are reported and left out. An error of fn ends the
// reading and is returned as it is.
func Read(ctx context.Context, path, layer string, lim Limits, progress func(done, total int64), fn func(Record) error) (Header, []geo.Finding, error) {
	r := &reader{path: path, name: filepath.Base(path), lim: lim.filled(), progress: progress}
	err := r.run(ctx, layer, fn)
	if r.conn != nil {
		r.conn.Close()
	}
	var theirs *callerError
	switch {
	case err == nil || errors.Is(err, errGaveUp):
		err = nil
	case errors.As(err, &theirs):
		err = theirs.err
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		var pathErr *os.PathError
		if !errors.As(err, &pathErr) {
			// Everything that SQLite complains about is in the file: we write our own statements.
			r.add(damaged(r.name, r.head.Records, err))
			err = nil
		}
	}
	return r.head, r.findings.All(filepath.Base(path)), err
}

type callerError struct{ err error }

func (e *callerError) Error() string { return e.err.Error() }

func (r *reader) run(ctx context.Context, layer string, fn func(Record) error) error {
	st, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	r.size = st.Size()
	if r.size > r.lim.MaxFileBytes {
		r.add(fileTooLarge(r.name, r.size, r.lim.MaxFileBytes))
		return errGaveUp
	}
	// A value takes a byte in the file and sixteen in memory; only rows that were never written in full take none.
	r.budget, r.cells = r.size, 2*r.size+100_000
	for _, tail := range []string{"-wal", "-journal"} {
		// With immutable reading such a file would be ignored, and the state before its changes be read.
		if st, err := os.Stat(r.path + tail); err == nil && st.Size() > 0 {
			r.add(inUse(r.name, r.name+tail))
			return errGaveUp
		}
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	if err := r.choose(layer); err != nil {
		return err
	}
	return r.rows(ctx, fn)
}

func (r *reader) open(ctx context.Context) error {
	abs, err := filepath.Abs(r.path)
	if err != nil {
		return err
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: "mode=ro&immutable=1"}
	if r.conn, err = sqlite.OpenConn(uri.String(), sqlite.OpenReadOnly|sqlite.OpenURI); err != nil {
		return err
	}
	r.conn.SetInterrupt(ctx.Done())
	if err := r.conn.SetDefensive(true); err != nil {
		return err
	}
	r.conn.Limit(sqlite.LimitLength, int32(min(r.size+4096, 1<<30)))
	r.conn.Limit(sqlite.LimitAttached, 0)
	for _, q := range []string{"PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "PRAGMA mmap_size=0", "PRAGMA cache_size=-8192"} {
		if err := r.exec(q); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) exec(q string) error {
	return r.query(q, nil, func(*sqlite.Stmt) error { return nil })
}

func (r *reader) query(q string, args []string, fn func(*sqlite.Stmt) error) error {
	stmt, _, err := r.conn.PrepareTransient(q)
	if err != nil {
		return err
	}
	defer stmt.Finalize()
	for i, a := range args {
		stmt.BindText(i+1, a)
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if err := fn(stmt); err != nil {
			return err
		}
	}
}

// isTable reports whether name is an ordinary table: a view or a virtual table runs code that came with the
// file.
func (r *reader) isTable(name string) (ok bool, err error) {
	err = r.query("SELECT type, sql FROM sqlite_schema WHERE lower(name) = lower(?)", []string{name}, func(s *sqlite.Stmt) error {
		words := strings.Fields(strings.ToUpper(s.ColumnText(1)))
		ok = s.ColumnText(0) == "table" && len(words) > 1 && words[1] != "VIRTUAL"
		return nil
	})
	return ok, err
}

type layerInfo struct {
	table, column, kind string
	srs                 int64
}

// choose settles the layer and reads its reference system.
func (r *reader) choose(want string) error {
	for _, t := range []string{"gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"} {
		ok, err := r.isTable(t)
		if err != nil {
			return err
		}
		if !ok {
			r.add(notGeoPackage(r.name, t))
			return errGaveUp
		}
	}
	var all, polygons []layerInfo
	err := r.query(`SELECT c.table_name, g.column_name, g.geometry_type_name, g.srs_id FROM gpkg_contents c
		JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name)
		WHERE c.data_type = 'features' ORDER BY c.table_name LIMIT 1000`, nil, func(s *sqlite.Stmt) error {
		l := layerInfo{s.ColumnText(0), s.ColumnText(1), strings.ToUpper(s.ColumnText(2)), s.ColumnInt64(3)}
		all = append(all, l)
		switch l.kind {
		case "POLYGON", "MULTIPOLYGON", "GEOMETRY", "GEOMETRYCOLLECTION":
			polygons = append(polygons, l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var l layerInfo
	switch {
	case want != "":
		for _, c := range all {
			if strings.EqualFold(c.table, want) {
				l = c
			}
		}
		if l.table == "" {
			r.add(noSuchLayer(r.name, want, tables(all)))
			return errGaveUp
		}
	case len(polygons) == 0:
		r.add(noPolygonLayer(r.name, tables(all)))
		return errGaveUp
	case len(polygons) > 1:
		r.add(severalLayers(r.name, tables(polygons)))
		return errGaveUp
	default:
		l = polygons[0]
	}
	if ok, err := r.isTable(l.table); err != nil {
		return err
	} else if !ok {
		r.add(layerIsView(r.name, l.table))
		return errGaveUp
	}
	r.head.Layer, r.geomColumn = l.table, l.column
	return r.query(`SELECT organization, organization_coordsys_id, srs_name, definition FROM gpkg_spatial_ref_sys
		WHERE srs_id = `+strconv.FormatInt(l.srs, 10), nil, func(s *sqlite.Stmt) error {
		r.head.SRS = SRS{s.ColumnText(0), s.ColumnInt64(1), s.ColumnText(2), s.ColumnText(3)}
		return nil
	})
}

func tables(ls []layerInfo) []string {
	out := make([]string, len(ls))
	for i, l := range ls {
		out[i] = l.table
	}
	return out
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (r *reader) rows(ctx context.Context, fn func(Record) error) error {
	var total int64
	if err := r.query("SELECT count(*) FROM "+quote(r.head.Layer), nil, func(s *sqlite.Stmt) error {
		total = s.ColumnInt64(0)
		return nil
	}); err != nil {
		return err
	}
	geomAt := -1
	var attrs []int
	err := r.query("SELECT * FROM "+quote(r.head.Layer), nil, func(s *sqlite.Stmt) error {
		if r.head.Records == 0 {
			for i := range min(s.ColumnCount(), maxColumns) {
				if name := s.ColumnName(i); strings.EqualFold(name, r.geomColumn) {
					geomAt = i
				} else {
					attrs = append(attrs, i)
					r.head.Columns = append(r.head.Columns, name)
				}
			}
			if geomAt < 0 {
				r.add(noGeometryColumn(r.name, r.head.Layer, r.geomColumn))
				return errGaveUp
			}
		}
		r.head.Records++
		if r.head.Records%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if r.progress != nil {
				r.progress(int64(r.head.Records), total)
			}
		}
		return r.row(s, attrs, geomAt, fn)
	})
	if err == nil {
		r.broken.report(r)
		if r.progress != nil {
			r.progress(total, total)
		}
	}
	return err
}

// broken counts values that were no text.
type broken struct{ n, first int }

func (b broken) report(r *reader) {
	if b.n > 0 {
		r.add(undecodable(r.name, b.first, b.n))
	}
}

func (r *reader) row(s *sqlite.Stmt, attrs []int, geomAt int, fn func(Record) error) error {
	if r.cells -= int64(len(attrs)); r.cells < 0 {
		r.add(moreThanFile(r.name, r.head.Records))
		return errGaveUp
	}
	rec := Record{Number: r.head.Records, Values: make([]string, len(attrs))}
	for i, col := range attrs {
		v, ok := r.value(s, col)
		if !ok {
			r.add(textTooLong(r.name, rec.Number, r.head.Columns[i], s.ColumnLen(col)))
		}
		rec.Values[i] = v
	}
	if s.ColumnType(geomAt) != sqlite.TypeNull {
		// In an honest file every value has bytes of its own; defaults and generated columns have not.
		n := s.ColumnLen(geomAt)
		if r.budget -= int64(n); r.budget < 0 {
			r.add(moreThanFile(r.name, rec.Number))
			return errGaveUp
		}
		if cap(r.buf) < n {
			r.buf = make([]byte, max(n, 64<<10))
		}
		b := r.buf[:n]
		if _, err := io.ReadFull(s.ColumnReader(geomAt), b); err != nil {
			return err
		}
		var bad string
		if rec.Geom, bad = DecodeGeometry(b, r.lim.MaxVertices); bad != "" {
			r.add(badGeometry(r.name, rec.Number, bad))
			return nil
		}
	}
	if err := fn(rec); err != nil {
		return &callerError{err}
	}
	return nil
}

// value returns a column as text; ok is false when it is longer than any attribute may be.
func (r *reader) value(s *sqlite.Stmt, col int) (v string, ok bool) {
	switch s.ColumnType(col) {
	case sqlite.TypeInteger:
		return strconv.FormatInt(s.ColumnInt64(col), 10), true
	case sqlite.TypeFloat:
		return strconv.FormatFloat(s.ColumnFloat(col), 'f', -1, 64), true
	case sqlite.TypeText:
		n := s.ColumnLen(col)
		if r.budget -= int64(n); n > maxTextBytes || r.budget < 0 {
			return "", false
		}
		v = s.ColumnText(col)
		if !utf8.ValidString(v) {
			if r.broken.n++; r.broken.n == 1 {
				r.broken.first = r.head.Records
			}
			v = strings.ToValidUTF8(v, "\ufffd")
		}
		return strings.TrimSpace(v), true
	}
	return "", true // NULL, and blobs, which no column of ours is
}
