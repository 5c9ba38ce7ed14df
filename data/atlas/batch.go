package atlas

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// Batch locates positions row by row: rows come from a reader and go with their units to a writer, and no more than one row is held at a time.
// A row that cannot be located comes back all the same, with the reason.
type Batch struct {
	Snapshot *Snapshot
	At       division.Date
	// System is what the positions are in; nil means lon, lat in degrees, CGCS2000. Degrees may be written as degrees, minutes and
	// seconds (crs.ParseAngle).
	System crs.System
	// Say puts a reason into the reader's language; nil gives the Chinese.
	Say func(geo.Text) string
	// Progress is called now and then with the number of rows done; an error that it returns ends the work. May be nil.
	Progress func(rows int) error

	locator *Locator
	rows    int
}

// Tally is what a batch came to.
type Tally struct {
	Rows     int // with a position or not
	Nowhere  int // positions that no unit holds
	OnBorder int // positions on a border
	Bad      int // rows without a position that could be read
}

var (
	// ErrBatch is the kind of error of input that cannot be read as a table of positions at all.
	ErrBatch = errors.New("unreadable batch")
	// ErrRowTooLong is the kind of error of a row longer than MaxRowBytes.
	ErrRowTooLong = errors.New("row too long")
)

// MaxRowBytes bounds a row, and with it the memory of a batch.
const MaxRowBytes = 1 << 20

const (
	// patience is how many rows are located through the trees before a locator is built, which takes as long as some ten thousand of them.
	patience = 2000
	// progressRows is how often Progress is called and the context asked.
	progressRows = 1000
)

func batchError(kind error, zh, en string, args ...any) error {
	return &batchRefusal{kind, geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

type batchRefusal struct {
	kind error
	text geo.Text
}

func (e *batchRefusal) Error() string       { return e.text.EN }
func (e *batchRefusal) Unwrap() error       { return e.kind }
func (e *batchRefusal) Localized() geo.Text { return e.text }

// locate is one row's work.
func (b *Batch) locate(p orb.Point) Located {
	if b.locator == nil {
		if b.rows <= patience {
			return b.Snapshot.LocatePoint(p, b.At)
		}
		b.locator = b.Snapshot.Locator(b.At)
	}
	return b.locator.Locate(p)
}

func (b *Batch) step(ctx context.Context) error {
	b.rows++
	if b.rows%progressRows != 0 {
		return nil
	}
	if b.Progress != nil {
		if err := b.Progress(b.rows); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (b *Batch) say(err error) string {
	text := geo.Text{ZH: err.Error(), EN: err.Error()}
	var worded interface{ Localized() geo.Text }
	if errors.As(err, &worded) {
		text = worded.Localized()
	}
	if b.Say != nil {
		return b.Say(text)
	}
	return text.ZH
}

// position reads two cells.
func (b *Batch) position(x, y string) (orb.Point, error) {
	system := b.System
	if system == nil {
		system = crs.CGCS2000
	}
	var xy [2]float64
	for i, cell := range []string{x, y} {
		cell = strings.TrimSpace(cell)
		v, err := strconv.ParseFloat(cell, 64)
		// A number beyond any degree may be degrees, minutes and seconds without marks.
		if limit := float64(180 - 90*i); !system.Projected() && (err != nil || v > limit) {
			var axis crs.Axis
			if v, axis, err = crs.ParseAngle(cell); err == nil && axis == []crs.Axis{crs.LatAxis, crs.LonAxis}[i] {
				err = batchError(ErrBatch, "%q 的经、纬标志与所在的列不符", "%q stands in the column of the other axis", cell)
			}
			if err != nil {
				return orb.Point{}, err
			}
		}
		if err != nil {
			return orb.Point{}, batchError(ErrBatch, "%.60q 不是数字", "%.60q is not a number", cell)
		}
		xy[i] = v
	}
	return system.ToLonLat(xy[0], xy[1])
}

// Columns of positions by their usual names, in lower case.
var (
	xNames = []string{"lon", "lng", "long", "longitude", "x", "经度", "东坐标"}
	yNames = []string{"lat", "latitude", "y", "纬度", "北坐标"}
)

// CSV reads a table in UTF-8 whose header names a column of longitudes or eastings (lon, lng, longitude, x, 经度, 东坐标) and one of latitudes or northings (lat, latitude,
// y, 纬度, 北坐标), and writes the same rows with code and name of the units of the five levels behind, then on_border with the codes of all units on
// whose border the position lies, the lowest level last, separated by spaces, and error with the reason where there is one.
// The error is ErrBatch, ErrRowTooLong, the reader's, the writer's or the context's; what was written until then stays written.
func (b *Batch) CSV(ctx context.Context, w io.Writer, r io.Reader) (Tally, error) {
	var t Tally
	limit := &meter{from: r, left: MaxRowBytes}
	in := csv.NewReader(skipBOM(limit))
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	limit.left = MaxRowBytes
	header, err := in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return t, batchError(ErrBatch, "输入是空的，需要含 lon、lat 两列的 CSV", "the input is empty: CSV with the columns lon and lat is needed")
	case err != nil:
		return t, unreadable(err)
	}
	column := func(names []string) int {
		return slices.IndexFunc(header, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	x, y := column(xNames), column(yNames)
	if x < 0 || y < 0 {
		return t, batchError(ErrBatch, "表头 %.200q 中没有 lon 和 lat 两列（或经度、纬度）", "the header %.200q lacks the columns lon and lat", strings.Join(header, ","))
	}
	width := len(header)
	out := csv.NewWriter(w)
	row := slices.Clone(header)
	for _, l := range division.Levels {
		row = append(row, l.String()+"_code", l.String()+"_name")
	}
	row = append(row, "on_border", "error")
	if err := out.Write(row); err != nil {
		return t, err
	}
	for {
		limit.left = MaxRowBytes
		cells, err := in.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			out.Flush()
			return t, out.Error()
		case errors.As(err, &syntax):
			cells, err = nil, batchError(ErrBatch, "第 %d 行不是有效的 CSV", "line %d is not valid CSV", syntax.Line)
		case err != nil:
			return t, unreadable(err)
		case len(cells) > width:
			err = batchError(ErrBatch, "这一行比表头多 %d 列", "the row has %d columns more than the header", len(cells)-width)
			cells = cells[:width]
		}
		t.Rows++
		if stop := b.step(ctx); stop != nil {
			return t, stop
		}
		row = append(row[:0], cells...)
		for len(row) < width {
			row = append(row, "")
		}
		var found Located
		if err == nil {
			var p orb.Point
			if p, err = b.position(row[x], row[y]); err == nil {
				found = b.locate(p)
			}
		}
		row = append(row, make([]string, 2*len(division.Levels)+2)...)
		for _, it := range found.Chain {
			i := width + 2*(int(it.Unit.Level)-1)
			row[i], row[i+1] = string(it.Unit.Code), it.Unit.Name
		}
		row[len(row)-2] = borderCodes(found.Borders)
		if err != nil {
			row[len(row)-1] = b.say(err)
		}
		t.count(found, err)
		if err := out.Write(row); err != nil {
			return t, err
		}
	}
}

func (t *Tally) count(found Located, err error) {
	switch {
	case err != nil:
		t.Bad++
	case len(found.Chain) == 0:
		t.Nowhere++
	case len(found.Borders) > 0:
		t.OnBorder++
	}
}

func borderCodes(borders []Border) string {
	var codes []string
	for _, b := range borders {
		for _, it := range b.Units {
			codes = append(codes, string(it.Unit.Code))
		}
	}
	return strings.Join(codes, " ")
}

// LocatedUnit is a unit in the answer to a row of NDJSON.
type LocatedUnit struct {
	Level string        `json:"level"`
	Code  division.Code `json:"code"`
	Name  string        `json:"name"`
	// OnBorder are all units of the level on whose common border the position lies; absent inside.
	OnBorder []LocatedUnit `json:"on_border,omitempty"`
	Border   bool          `json:"border,omitempty"`
}

func locatedUnits(found Located) []LocatedUnit {
	units := make([]LocatedUnit, 0, len(found.Chain))
	short := func(it *Item) LocatedUnit {
		return LocatedUnit{Level: it.Unit.Level.String(), Code: it.Unit.Code, Name: it.Unit.Name}
	}
	for _, it := range found.Chain {
		u := short(it)
		for _, side := range found.At(it.Unit.Level) {
			u.Border = true
			u.OnBorder = append(u.OnBorder, short(side))
		}
		units = append(units, u)
	}
	return units
}

// NDJSON reads one JSON object a line, with lon and lat (or lng, longitude, latitude, x and y), numbers or text as CSV has it, and writes each with its members and
// "divisions", an array of LocatedUnit from the top, added; or "error" with the reason. Empty lines are left out. Errors as CSV.
func (b *Batch) NDJSON(ctx context.Context, w io.Writer, r io.Reader) (Tally, error) {
	var t Tally
	in := bufio.NewScanner(skipBOM(r))
	in.Buffer(make([]byte, 64<<10), MaxRowBytes)
	out := bufio.NewWriter(w)
	for in.Scan() {
		line := bytes.TrimSpace(in.Bytes())
		if len(line) == 0 {
			continue
		}
		t.Rows++
		if err := b.step(ctx); err != nil {
			return t, err
		}
		found, err := b.object(line)
		t.count(found, err)
		if err := writeObject(out, line, found, err, b); err != nil {
			return t, err
		}
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = errRowTooLong()
		}
		return t, err
	}
	return t, out.Flush()
}

// object locates what a line says.
func (b *Batch) object(line []byte) (Located, error) {
	var o struct {
		Lon, Lng, Longitude, X json.RawMessage
		Lat, Latitude, Y       json.RawMessage
		Divisions, Error       json.RawMessage
	}
	if line[0] != '{' {
		return Located{}, batchError(ErrBatch, "这一行不是 JSON 对象", "the line is not a JSON object")
	}
	if err := json.Unmarshal(line, &o); err != nil {
		return Located{}, batchError(ErrBatch, "这一行不是有效的 JSON：%v", "the line is not valid JSON: %v", err)
	}
	if o.Divisions != nil || o.Error != nil {
		return Located{}, batchError(ErrBatch, "对象已有 divisions 或 error 成员，请先改名", "the object has a member divisions or error already: rename it first")
	}
	rawX, rawY := firstOf(o.Lon, o.Lng, o.Longitude, o.X), firstOf(o.Lat, o.Latitude, o.Y)
	if rawX == nil || rawY == nil {
		return Located{}, batchError(ErrBatch, "对象没有 lon 和 lat 成员", "the object lacks the members lon and lat")
	}
	x, errX := cellOf(rawX)
	y, errY := cellOf(rawY)
	if err := errors.Join(errX, errY); err != nil {
		return Located{}, batchError(ErrBatch, "lon 和 lat 应为数或文字", "lon and lat must be numbers or text")
	}
	p, err := b.position(x, y)
	if err != nil {
		return Located{}, err
	}
	return b.locate(p), nil
}

func firstOf(raws ...json.RawMessage) json.RawMessage {
	for _, raw := range raws {
		if raw != nil {
			return raw
		}
	}
	return nil
}

// cellOf is a JSON number or string as a cell of a table.
func cellOf(raw json.RawMessage) (string, error) {
	if raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		return "", ErrBatch
	}
	return string(raw), nil
}

// writeObject adds a member to an object as it was written, or where the line is none makes one with the reason alone.
func writeObject(out *bufio.Writer, line []byte, found Located, reason error, b *Batch) error {
	var added []byte
	var err error
	if reason != nil {
		added, err = json.Marshal(map[string]string{"error": b.say(reason)})
	} else {
		added, err = json.Marshal(map[string][]LocatedUnit{"divisions": locatedUnits(found)})
	}
	if err != nil {
		return err
	}
	if body, ok := bytes.CutSuffix(line, []byte("}")); ok && json.Valid(line) && (reason == nil || !bytes.Contains(line, []byte(`"error"`))) {
		_, _ = out.Write(body) // the last write reports
		if len(bytes.TrimSpace(body)) > 1 {
			_ = out.WriteByte(',')
		}
		added = added[1:]
	}
	_, _ = out.Write(added)
	return out.WriteByte('\n')
}

func errRowTooLong() error {
	return batchError(ErrRowTooLong, "有一行超过 %d 字节", "a row is longer than %d bytes", MaxRowBytes)
}

func unreadable(err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return batchError(ErrBatch, "表头不是有效的 CSV：%v", "the header is not valid CSV: %v", err)
	}
	return err
}

// meter ends a row that does not end: a quote left open would make the reader of CSV take the rest of the input for one cell.
type meter struct {
	from io.Reader
	left int // of the row, give or take the reader's own buffer
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errRowTooLong()
	}
	n, err := m.from.Read(p[:min(len(p), 4096)])
	m.left -= n
	return n, err
}

// skipBOM drops the byte order mark that spreadsheets write in front of a text.
func skipBOM(r io.Reader) io.Reader {
	head := make([]byte, 3)
	n, err := io.ReadFull(r, head)
	switch {
	case string(head[:n]) == "\ufeff":
		return r
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return io.MultiReader(bytes.NewReader(head[:n]), failing{err})
	}
	return io.MultiReader(bytes.NewReader(head[:n]), r)
}

// failing is a reader that has failed.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
