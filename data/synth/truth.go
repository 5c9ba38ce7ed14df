package synth

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo/division"
	"yutu/geo/geojson"
)

// truthMark begins README.txt and shows that a folder is one of ours.
const truthMark = "合成示范数据 · Synthetic demonstration data"

// ErrNotOurs is returned when WriteTruth would replace a folder that it has not written.
var ErrNotOurs = errors.New("the folder holds something else")

// WriteTruth writes the world and what is true of it into dir: everything is written beside it first and then takes its place,
// so dir holds the old files or the new ones, never a mixture. An existing folder is replaced only when it is empty or was
// written by WriteTruth. Files, all labelled as synthetic:
//
//	divisions.geojson           every unit in force today
//	divisions-history.geojson   every version of every unit (county only, as all that follow)
//	lineage.csv                 what became of each unit on each date of change, with the shares that passed on
//	population.csv              people by village version, sex and age
//	roads.geojson, road-nodes.geojson, rivers.geojson, ridges.geojson
//	README.txt
func (w *World) WriteTruth(dir string) (err error) {
	dir = filepath.Clean(dir)
	if err := replaceable(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(work))
		}
	}()
	for _, f := range w.files() {
		if err := writeFile(filepath.Join(work, f.name), f.write); err != nil {
			return err
		}
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	old := work + ".old"
	switch err := os.Rename(dir, old); {
	case err == nil:
		if err := os.Rename(work, dir); err != nil {
			return errors.Join(err, os.Rename(old, dir))
		}
		return os.RemoveAll(old)
	case errors.Is(err, fs.ErrNotExist):
		return os.Rename(work, dir)
	default:
		return err
	}
}

// replaceable refuses a folder with anything in it that WriteTruth did not write.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.txt"))
	if err != nil || !strings.HasPrefix(string(readme), truthMark) {
		return fmt.Errorf("%s: %w and is left as it is; choose another", dir, ErrNotOurs)
	}
	return nil
}

func writeFile(path string, write func(*bufio.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriterSize(f, 1<<18)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

type truthFile struct {
	name  string
	write func(*bufio.Writer) error
}

func (w *World) files() []truthFile {
	fs := []truthFile{
		{"README.txt", w.writeReadme},
		{"divisions.geojson", func(b *bufio.Writer) error {
			return w.writeUnits(b, func(u *division.Unit) bool { return u.Valid.To == division.Future })
		}},
	}
	if w.Size == ProvinceSize {
		return fs
	}
	return append(fs,
		truthFile{"divisions-history.geojson", func(b *bufio.Writer) error {
			return w.writeUnits(b, func(*division.Unit) bool { return true })
		}},
		truthFile{"lineage.csv", w.writeLineage},
		truthFile{"population.csv", w.writePopulation},
		truthFile{"roads.geojson", w.writeRoads},
		truthFile{"road-nodes.geojson", w.writeRoadNodes},
		truthFile{"rivers.geojson", w.writeRivers},
		truthFile{"ridges.geojson", w.writeRidges},
	)
}

// collection writes a GeoJSON FeatureCollection, one feature a line.
type collection struct {
	w      *World
	to     *bufio.Writer
	buf    []byte
	any    bool
	source string
}

func (w *World) collection(b *bufio.Writer, name string) (*collection, error) {
	c := &collection{w: w, to: b, source: sourceText(w.Seed)}
	c.buf = append(c.buf, `{"type":"FeatureCollection","name":`...)
	c.buf = geojson.AppendString(c.buf, name)
	c.buf = append(c.buf, `,"synthetic":true,"source":`...)
	c.buf = geojson.AppendString(c.buf, c.source)
	c.buf = append(c.buf, `,"features":[`...)
	_, err := b.Write(c.buf)
	return c, err
}

// property is a key with a string, bool, int, float64 (three decimals) or nil.
type property struct {
	key   string
	value any
}

func (c *collection) feature(id string, g orb.Geometry, props ...property) error {
	b := c.buf[:0]
	if c.any {
		b = append(b, ',')
	}
	c.any = true
	b = append(b, "\n{\"type\":\"Feature\",\"id\":"...)
	b = geojson.AppendString(b, id)
	b = append(b, `,"properties":{`...)
	for _, p := range append(props, property{"source", c.source}, property{"synthetic", true}) {
		b = append(geojson.AppendString(b, p.key), ':')
		switch v := p.value.(type) {
		case string:
			b = geojson.AppendString(b, v)
		case bool:
			b = strconv.AppendBool(b, v)
		case int:
			b = strconv.AppendInt(b, int64(v), 10)
		case float64:
			b = strconv.AppendFloat(b, v, 'f', 3, 64)
		default:
			b = append(b, "null"...)
		}
		b = append(b, ',')
	}
	b = append(b[:len(b)-1], `},"geometry":`...)
	b = geojson.AppendGeometry(b, g)
	b = append(b, '}')
	c.buf = b
	_, err := c.to.Write(b)
	return err
}

func (c *collection) end() error {
	_, err := c.to.WriteString("\n]}\n")
	return err
}

// dateOrNull is a date, or nil for an open end.
func dateOrNull(d division.Date) any {
	if s := d.String(); s != "" {
		return s
	}
	return nil
}

func (w *World) writeUnits(b *bufio.Writer, which func(*division.Unit) bool) error {
	c, err := w.collection(b, "divisions")
	if err != nil {
		return err
	}
	for i := range w.Units {
		u := &w.Units[i]
		if !which(u) {
			continue
		}
		id := string(u.Code)
		if u.Valid.From != division.Past {
			id += "@" + u.Valid.From.String()
		}
		if err := c.feature(id, u.Geom, property{"code", string(u.Code)}, property{"name", u.Name}, property{"level", u.Level.String()},
			property{"type", u.Type}, property{"parent", string(u.Parent)}, property{"valid_from", dateOrNull(u.Valid.From)},
			property{"valid_to", dateOrNull(u.Valid.To)}, property{"secrecy", u.Secrecy.String()}); err != nil {
			return err
		}
	}
	return c.end()
}

func (w *World) writeRoads(b *bufio.Writer) error {
	c, err := w.collection(b, "roads")
	if err != nil {
		return err
	}
	for _, e := range w.Roads.Edges {
		if err := c.feature(strconv.Itoa(e.ID), e.Line, property{"from", e.From}, property{"to", e.To}, property{"class", e.Class},
			property{"length_m", e.LengthM}); err != nil {
			return err
		}
	}
	return c.end()
}

func (w *World) writeRoadNodes(b *bufio.Writer) error {
	c, err := w.collection(b, "road-nodes")
	if err != nil {
		return err
	}
	for _, n := range w.Roads.Nodes {
		var village any
		if n.Village != "" {
			village = string(n.Village)
		}
		if err := c.feature(strconv.Itoa(n.ID), n.At, property{"id", n.ID}, property{"altitude_m", n.AltM},
			property{"village", village}); err != nil {
			return err
		}
	}
	return c.end()
}

func (w *World) writeRivers(b *bufio.Writer) error {
	c, err := w.collection(b, "rivers")
	if err != nil {
		return err
	}
	for _, r := range w.Rivers {
		if err := c.feature(strconv.Itoa(r.ID), r.Line, property{"name", r.Name}, property{"next", r.Next}, property{"order", r.Order},
			property{"catchment_km2", r.CatchKM2}, property{"source_altitude_m", r.SourceAlt},
			property{"mouth_altitude_m", r.MouthAlt}); err != nil {
			return err
		}
	}
	return c.end()
}

func (w *World) writeRidges(b *bufio.Writer) error {
	c, err := w.collection(b, "ridges")
	if err != nil {
		return err
	}
	for _, r := range w.Ridges {
		if err := c.feature(strconv.Itoa(r.ID), r.Line, property{"name", r.Name}, property{"top_altitude_m", r.TopAlt}); err != nil {
			return err
		}
	}
	return c.end()
}

func (w *World) writeLineage(b *bufio.Writer) error {
	return writeTable(b, []string{"date", "level", "event", "old_code", "old_name", "new_code", "new_name", "area_share",
		"population_share", "area_m2", "population", "synthetic"}, func(row func(...string) error) error {
		for _, s := range w.Lineage {
			if err := row(s.Date.String(), s.Level.String(), string(s.Event), string(s.Old), s.OldName, string(s.New), s.NewName,
				strconv.FormatFloat(s.AreaShare, 'f', -1, 64), strconv.FormatFloat(s.PeopleShare, 'f', -1, 64),
				strconv.FormatFloat(s.AreaM2, 'f', 0, 64), strconv.Itoa(s.PeoplePassed), "true"); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *World) writePopulation(b *bufio.Writer) error {
	return writeTable(b, []string{"village", "valid_from", "valid_to", "sex", "age_from", "age_to", "people", "synthetic"},
		func(row func(...string) error) error {
			for _, p := range w.Population {
				to := strconv.Itoa(p.Age + 4)
				if p.Age == 85 {
					to = ""
				}
				sex := "male"
				if p.Sex == Female {
					sex = "female"
				}
				if err := row(string(p.Village), p.Valid.From.String(), p.Valid.To.String(), sex, strconv.Itoa(p.Age), to,
					strconv.Itoa(p.People), "true"); err != nil {
					return err
				}
			}
			return nil
		})
}

func writeTable(b io.Writer, header []string, rows func(row func(...string) error) error) error {
	c := csv.NewWriter(b)
	if err := c.Write(header); err != nil {
		return err
	}
	if err := rows(func(fields ...string) error { return c.Write(fields) }); err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}

func (w *World) writeReadme(b *bufio.Writer) error {
	_, err := fmt.Fprintf(b, `%s
规模 size: %s    种子 seed: %d    区划版本 division versions: %d

本文件夹中的一切都是程序虚构的，仅供演示和测试：地形、河流、山脊、各级界线、村名与村级代码、人口、道路均与任何
真实地方无关，不得作为行政区域界线、地名或统计的依据。县域及乡镇、邻县的名称和代码取自公开的行政区划代码表。
坐标为经纬度（CGCS2000，EPSG:4490）。同一规模和种子在任何机器上生成相同的内容。

Everything in this folder was invented by a program, for demonstration and tests: terrain, rivers, ridges, all borders,
village names and codes, people and roads describe no real place and prove nothing about any border, name or figure. The
names and codes of the county, its townships and its neighbours come from the public tables of division codes.
Coordinates are longitude and latitude (CGCS2000, EPSG:4490). The same size and seed give the same content on any machine.
`, truthMark, w.Size, w.Seed, len(w.Units))
	return err
}
