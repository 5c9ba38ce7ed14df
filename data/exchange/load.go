package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"yutu/data/exchange/gpkg"
	"yutu/data/exchange/shp"
	"yutu/geo"
	"yutu/geo/geojson"
)

// maxVertices is the most that one geometry may have: the border of a province at 1:10,000 has about a million.
const maxVertices = 5_000_000

// record is one record of any format: texts by column, and raw coordinates.
type record struct {
	number int
	values []string
	geom   orb.MultiPolygon
	// kind is the kind of a geometry that is no polygon, "" otherwise.
	kind string
	// early is what was found while the file was read, nil where the geometry has not been looked at.
	early *examined
}

// value returns the text in a column, "" for none; at = -1 is the column that does not exist.
func (r *record) value(at int) string {
	if at < 0 || at >= len(r.values) {
		return ""
	}
	return r.values[at]
}

// file is a whole file, read and not yet understood.
type file struct {
	name     string // for findings
	cols     []column
	all      []string // names of all columns, kept or not
	rows     []record
	records  int
	findings []geo.Finding
	// crs is what the file says: an identifier, else WKT, else "".
	crsID, crsWKT string
	crsFrom       string // where it says so, for messages: ".prj", "gpkg_spatial_ref_sys", …
	broken        bool   // nothing more can be said about it
	// examine may look at a geometry before the file is read to its end; nil for not at all.
	examine func(orb.MultiPolygon) *examined
}

func (f *file) add(r record) {
	if f.examine != nil {
		r.early = f.examine(r.geom)
	}
	f.rows = append(f.rows, r)
}

func load(ctx context.Context, path, layer string, fm format, o Options, examine func(orb.MultiPolygon) *examined, progress func(done, total int64)) (*file, error) {
	f := &file{name: filepath.Base(path), examine: examine}
	switch fm {
	case formatShapefile:
		return f, f.loadShapefile(ctx, path, progress)
	case formatGeoPackage:
		if layer == "" {
			layer = o.Map[mapLayer]
		}
		return f, f.loadGeoPackage(ctx, path, layer, progress)
	default:
		return f, f.loadGeoJSON(ctx, path, o, progress)
	}
}

func (f *file) loadShapefile(ctx context.Context, path string, progress func(done, total int64)) error {
	f.crsFrom = ".prj"
	head, findings, err := shp.Read(ctx, path, shp.Limits{MaxFileBytes: maxFileBytes, MaxVertices: maxVertices}, progress, func(r shp.Record) error {
		f.add(record{number: r.Number, values: r.Values, geom: r.Geom})
		return nil
	})
	if err != nil {
		return err
	}
	f.findings, f.records, f.crsWKT = findings, head.Records, head.PRJ
	for _, c := range head.Fields {
		f.cols = append(f.cols, column{c.Name, c.Cut})
		f.all = append(f.all, c.Name)
	}
	f.broken = len(f.cols) == 0
	return nil
}

func (f *file) loadGeoPackage(ctx context.Context, path, layer string, progress func(done, total int64)) error {
	f.crsFrom = "gpkg_spatial_ref_sys"
	head, findings, err := gpkg.Read(ctx, path, layer, gpkg.Limits{MaxFileBytes: maxFileBytes, MaxVertices: maxVertices}, progress, func(r gpkg.Record) error {
		f.add(record{number: r.Number, values: r.Values, geom: r.Geom})
		return nil
	})
	if err != nil {
		return err
	}
	f.findings, f.records = findings, head.Records
	for _, c := range head.Columns {
		f.cols = append(f.cols, column{name: c})
	}
	f.all = head.Columns
	if head.SRS.ID > 0 {
		if strings.EqualFold(head.SRS.Organization, "EPSG") {
			f.crsID = "EPSG:" + strconv.FormatInt(head.SRS.ID, 10)
		}
		f.crsWKT = head.SRS.Definition
	}
	f.broken = head.Layer == ""
	return nil
}

// maxNames bounds how many different names of properties are remembered, for messages only.
const maxNames = 1000

func (f *file) loadGeoJSON(ctx context.Context, path string, o Options, progress func(done, total int64)) error {
	f.crsFrom = "crs"
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	counted := &countingReader{ctx: ctx, r: in, total: st.Size(), progress: progress}
	columnOf := map[string]int{} // -1: seen, not wanted
	head, err := geojson.Read(counted, geojson.Limits{}, func(ft geojson.Feature) error {
		f.records = max(f.records, ft.Record)
		rec := record{number: ft.Record}
		for _, p := range ft.Properties {
			at, ok := columnOf[p.Key]
			if !ok && len(columnOf) < maxNames {
				at = -1
				if wanted(p.Key, o) {
					at = len(f.cols)
					f.cols = append(f.cols, column{name: p.Key})
				}
				columnOf[p.Key] = at
				f.all = append(f.all, p.Key)
			} else if !ok {
				continue
			}
			if at >= 0 {
				for len(rec.values) <= at {
					rec.values = append(rec.values, "")
				}
				rec.values[at] = textOf(p.Value)
			}
		}
		rec.geom, rec.kind = polygonsOf(ft.Geometry, 0)
		f.add(rec)
		return nil
	})
	var syntax *geojson.SyntaxError
	switch {
	case errors.As(err, &syntax):
		f.findings = append(f.findings, badJSON(f.name, syntax))
		f.records = max(f.records, syntax.Record)
	case err != nil:
		return err
	}
	// RFC 7946, clause 4: WGS 84 unless the obsolete crs member says otherwise.
	if f.crsID = head.CRS; f.crsID == "" {
		f.crsID, f.crsFrom = "EPSG:4326", "RFC 7946"
	}
	return nil
}

type countingReader struct {
	ctx         context.Context
	r           io.Reader
	done, total int64
	progress    func(done, total int64)
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.progress != nil {
		c.progress(min(c.done, c.total), c.total)
	}
	return n, err
}

// textOf writes a JSON value as the text of an attribute. Of an object, such as the parent in DataV's files, the
// code inside speaks.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(string(v), "eE") {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
		return string(v)
	case json.RawMessage:
		var inner struct {
			Adcode json.Number `json:"adcode"`
			Code   json.Number `json:"code"`
		}
		if json.Unmarshal(v, &inner) == nil {
			if inner.Adcode != "" {
				return string(inner.Adcode)
			}
			return string(inner.Code)
		}
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// polygonsOf takes the polygons out of a geometry; kind names a geometry that has something else.
func polygonsOf(g orb.Geometry, depth int) (mp orb.MultiPolygon, kind string) {
	switch g := g.(type) {
	case nil:
		return nil, ""
	case orb.Polygon:
		if len(g) == 0 {
			return nil, ""
		}
		return orb.MultiPolygon{g}, ""
	case orb.MultiPolygon:
		for _, p := range g {
			if len(p) > 0 {
				mp = append(mp, p)
			}
		}
		return mp, ""
	case orb.Collection:
		for _, part := range g {
			if depth > 4 {
				return nil, "GeometryCollection"
			}
			inner, kind := polygonsOf(part, depth+1)
			if kind != "" {
				return nil, kind
			}
			mp = append(mp, inner...)
		}
		return mp, ""
	default:
		return nil, g.GeoJSONType()
	}
}
