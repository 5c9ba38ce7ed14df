package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/geojson"
)

// Area is one record of a file whose columns mean nothing to the house: a geometry and what stands beside it.
type Area struct {
	// Record counts the records of the file from 1.
	Record int
	// ID is a string or json.Number that a GeoJSON feature bears; nil for none.
	ID any
	// Properties are the columns in the order of the file. Those of a Shapefile or GeoPackage are texts.
	Properties []geojson.Property
	// Geom is lon, lat in degrees, CGCS2000, on the grid of crs.Quantum; nil where the record has none.
	Geom orb.MultiPolygon
}

// Areas is what a file of areas holds, and what is wrong with it.
type Areas struct {
	Areas    []Area
	Findings []geo.Finding
	// CRS the coordinates were read in, such as "EPSG:4549"; "" when it could not be settled.
	CRS string
}

// ReadAreas reads the formats that ReadDivisions does, whatever the columns are, and keeps all of them. Of the options
// CRS, Map["layer"] and Progress count. A record that is no area is an Error, as is a coordinate without a place. An
// error means that the file could not be read at all: ctx ended, or the disk failed.
func ReadAreas(ctx context.Context, path string, o Options) (*Areas, error) {
	path, layer := splitLayer(path)
	out := &Areas{}
	fm, bad, err := detect(path)
	if err != nil {
		return nil, err
	}
	if bad != nil {
		out.Findings = []geo.Finding{*bad}
		return out, nil
	}
	var f *file
	if fm == formatGeoJSON {
		f, err = loadAreas(ctx, path, half(o.Progress, 0), out)
	} else if f, err = load(ctx, path, layer, fm, o, nil, half(o.Progress, 0)); err == nil {
		for _, r := range f.rows {
			a := Area{Record: r.number}
			for i, name := range f.all {
				a.Properties = append(a.Properties, geojson.Property{Key: name, Value: r.value(i)})
			}
			out.Areas = append(out.Areas, a)
		}
	}
	if err != nil {
		return nil, err
	}
	c := &check{ctx: ctx, o: o, f: f, out: &Divisions{}}
	for _, x := range f.findings {
		c.findings.Add(x)
	}
	if len(f.rows) == 0 && !f.broken {
		if worst, _ := geo.Worst(f.findings); worst < geo.Error {
			c.findings.Add(noRecords(f.name))
		}
	}
	if !f.broken && len(f.rows) > 0 {
		c.settleCRS()
		out.CRS = c.out.CRS
	}
	if c.useGeom {
		wrong := make([]*geo.Finding, len(f.rows))
		if err := c.inParallel(len(f.rows), half(o.Progress, progressSteps/2), func(i int) {
			r := &f.rows[i]
			if r.kind != "" {
				wrong[i] = found(geometryKind(r.kind))
			} else if err := c.toLonLat(r.geom); err != nil {
				wrong[i] = found(coordinateRefused(err))
			}
			if wrong[i] != nil {
				wrong[i].File, wrong[i].Record = f.name, r.number
			}
			out.Areas[i].Geom = r.geom
		}); err != nil {
			return nil, err
		}
		for _, w := range wrong {
			if w != nil {
				c.findings.Add(*w)
			}
		}
	}
	out.Findings = c.findings.All(f.name)
	slices.SortStableFunc(out.Findings, func(a, b geo.Finding) int { return a.Record - b.Record })
	return out, nil
}

// loadAreas reads a GeoJSON with all properties as they are.
func loadAreas(ctx context.Context, path string, progress func(done, total int64), out *Areas) (*file, error) {
	f := &file{name: filepath.Base(path), crsFrom: "crs"}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return nil, err
	}
	counted := &countingReader{ctx: ctx, r: in, total: st.Size(), progress: progress}
	head, err := geojson.Read(counted, geojson.Limits{}, func(ft geojson.Feature) error {
		r := record{number: ft.Record}
		r.geom, r.kind = polygonsOf(ft.Geometry, 0)
		f.rows = append(f.rows, r)
		out.Areas = append(out.Areas, Area{Record: ft.Record, ID: ft.ID, Properties: ft.Properties})
		f.records = ft.Record
		return nil
	})
	var syntax *geojson.SyntaxError
	switch {
	case errors.As(err, &syntax):
		f.findings = append(f.findings, badJSON(f.name, syntax))
	case err != nil:
		return nil, err
	}
	// RFC 7946, clause 4: WGS 84 unless the obsolete crs member says otherwise.
	if f.crsID = head.CRS; f.crsID == "" {
		f.crsID, f.crsFrom = "EPSG:4326", "RFC 7946"
	}
	return f, nil
}

// WriteAreas writes areas as one GeoJSON FeatureCollection (RFC 7946), a feature a line, with their properties as they
// were read. Values that JSON does not know are an error.
func WriteAreas(w io.Writer, areas []Area) error {
	if _, err := io.WriteString(w, `{"type":"FeatureCollection","features":[`); err != nil {
		return err
	}
	// A batch is written while the next is put into words, on all processors.
	const batch = 256
	workers := runtime.GOMAXPROCS(0)
	for from := 0; from < len(areas); from += batch * workers {
		parts := make([][]byte, workers)
		errs := make([]error, workers)
		var wg sync.WaitGroup
		for k := range workers {
			lo := min(from+k*batch, len(areas))
			hi := min(lo+batch, len(areas))
			wg.Go(func() {
				for i := lo; i < hi && errs[k] == nil; i++ {
					if i > 0 {
						parts[k] = append(parts[k], ',')
					}
					parts[k], errs[k] = appendArea(append(parts[k], '\n'), &areas[i])
				}
			})
		}
		wg.Wait()
		for k := range workers {
			if errs[k] != nil {
				return errs[k]
			}
			if _, err := w.Write(parts[k]); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(w, "\n]}\n")
	return err
}

func appendArea(dst []byte, a *Area) ([]byte, error) {
	dst = append(dst, `{"type":"Feature",`...)
	var err error
	if a.ID != nil {
		dst = append(dst, `"id":`...)
		if dst, err = appendValue(dst, a.ID); err != nil {
			return dst, err
		}
		dst = append(dst, ',')
	}
	dst = append(dst, `"properties":{`...)
	for i, p := range a.Properties {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(geojson.AppendString(dst, p.Key), ':')
		if dst, err = appendValue(dst, p.Value); err != nil {
			return dst, fmt.Errorf("record %d, property %q: %w", a.Record, p.Key, err)
		}
	}
	dst = append(dst, `},"geometry":`...)
	switch len(a.Geom) {
	case 0:
		dst = append(dst, "null"...)
	case 1:
		dst = geojson.AppendGeometry(dst, a.Geom[0])
	default:
		dst = geojson.AppendGeometry(dst, a.Geom)
	}
	return append(dst, '}'), nil
}

func appendValue(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return geojson.AppendString(dst, v), nil
	case json.Number:
		return append(dst, v...), nil
	case json.RawMessage:
		return append(dst, v...), nil
	default:
		b, err := json.Marshal(v)
		return append(dst, b...), err
	}
}
