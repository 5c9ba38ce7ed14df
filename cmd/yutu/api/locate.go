package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"time"

	"yutu/data/atlas"
	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
)

type locateDoc struct {
	// Position is lon, lat in degrees, CGCS2000, into which the given one was converted.
	Position [2]float64 `json:"position"`
	CRS      string     `json:"crs"`
	Date     string     `json:"date"`
	// Items is the chain of units that hold the position, from the top; empty where there are none.
	Items []locatedDoc `json:"items"`
}

type locatedDoc struct {
	summary
	// Border says that the position lies on a border of units of this level, and OnBorder names all units of the level that hold it.
	Border   bool      `json:"border"`
	OnBorder []sideDoc `json:"on_border,omitempty"`
}

type sideDoc struct {
	ID        int64         `json:"id"`
	Code      division.Code `json:"code"`
	Name      string        `json:"name"`
	Type      string        `json:"type"`
	Level     string        `json:"level"`
	ValidFrom *string       `json:"valid_from"`
	ValidTo   *string       `json:"valid_to"`
	BBox      *[4]float64   `json:"bbox"`
	Label     *[2]float64   `json:"label"`
}

func locatedDocs(found atlas.Located) []locatedDoc {
	out := make([]locatedDoc, 0, len(found.Chain))
	for _, it := range found.Chain {
		d := locatedDoc{summary: summarize(it)}
		for _, side := range found.At(it.Unit.Level) {
			s := summarize(side)
			d.Border = true
			d.OnBorder = append(d.OnBorder, sideDoc{
				s.ID, s.Code, s.Name, s.Type, s.Level, optionalDay(side.Unit.Valid.From), optionalDay(side.Unit.Valid.To), s.BBox, s.Label,
			})
		}
		out = append(out, d)
	}
	return out
}

// locateParameters reads what both forms of locate share.
func locateParameters(p params) (at division.Date, system crs.CRS, err error) {
	if at, err = p.day("at"); err != nil {
		return 0, system, err
	}
	system = crs.CGCS2000
	if name := p.get("crs"); name != "" {
		if system, err = crs.Parse(name); err != nil {
			return 0, system, ofParameter("crs", err)
		}
	}
	return at, system, nil
}

func (s *server) locate(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "lon", "lat", "crs", "at")
	if err != nil {
		return err
	}
	at, system, err := locateParameters(p)
	if err != nil {
		return err
	}
	var xy [2]float64
	for i, name := range []string{"lon", "lat"} {
		text := p.get(name)
		v, ok := number(text)
		if text == "" {
			return badParameter(name, "请给出参数 lon 和 lat（投影坐标时为东坐标和北坐标）", "give the parameters lon and lat (easting and northing of a projected system)")
		}
		if !ok {
			var axis crs.Axis
			v, axis, err = crs.ParseAngle(text)
			if system.Projected() || err != nil || axis == []crs.Axis{crs.LatAxis, crs.LonAxis}[i] {
				return badParameter(name, "“%s”不是数", "%q is not a number", printable(text))
			}
		}
		xy[i] = v
	}
	position, err := system.ToLonLat(xy[0], xy[1])
	if err != nil {
		return ofParameter("lon", err)
	}
	position = crs.Snap(position)
	v := s.view()
	doc := locateDoc{Position: [2]float64(position), CRS: system.String(), Date: at.String(), Items: locatedDocs(v.LocatePoint(position, at))}
	return s.json(w, r, v, doc, "locate", r.URL.RawQuery, at.String())
}

const (
	// maxBatchBytes bounds what one batch sends, and with it the room on disk that its answer takes.
	maxBatchBytes = 1 << 30
	// maxBatches is how many may be under way at once: each keeps a core busy.
	maxBatches = 4
	// batchMemory is how much of an answer waits in memory; what is longer waits in a temporary file.
	batchMemory = 4 << 20
	// batchPatience is how long a batch may take over the next thousand rows, or for its answer to be taken.
	batchPatience = 60 * time.Second
	typeCSV       = "text/csv; charset=utf-8"
	typeNDJSON    = "application/x-ndjson"
)

var (
	errBatchType  = errors.New("unsupported media type of a batch")
	errBatchSize  = errors.New("batch too large")
	errBatchCount = errors.New("too many batches")
)

// locateBatch takes CSV or NDJSON of any length and answers with the same rows and their units. It reads row by row; the answer is begun when
// all is read, so that most clients, who do not read while they send, are served too, and the status says what became of it.
func (s *server) locateBatch(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "crs", "at")
	if err != nil {
		return err
	}
	at, system, err := locateParameters(p)
	if err != nil {
		return err
	}
	typ, answerType := "", ""
	typ, _, _ = mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch typ {
	case "text/csv", "application/csv":
		answerType = typeCSV
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		answerType = typeNDJSON
	default:
		return errBatchType
	}
	if s.batches.Add(1) > maxBatches {
		s.batches.Add(-1)
		return errBatchCount
	}
	defer s.batches.Add(-1)
	connection := http.NewResponseController(w)
	// Recorders of tests know no deadlines; then there is none.
	_ = connection.SetReadDeadline(time.Now().Add(batchPatience))
	_ = connection.SetWriteDeadline(time.Now().Add(2 * batchPatience))
	l := language(r)
	batch := atlas.Batch{
		Snapshot: s.view().Snapshot, At: at, System: system, Say: func(t geo.Text) string { return l.of(t) },
		Progress: func(int) error {
			_ = connection.SetReadDeadline(time.Now().Add(batchPatience))
			_ = connection.SetWriteDeadline(time.Now().Add(2 * batchPatience))
			return nil
		},
	}
	run := batch.CSV
	if answerType == typeNDJSON {
		run = batch.NDJSON
	}
	out := &spool{memory: batchMemory}
	defer out.close()
	tally, err := run(r.Context(), out, http.MaxBytesReader(w, r.Body, maxBatchBytes))
	if err != nil {
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			return errBatchSize
		case r.Context().Err() != nil:
			return r.Context().Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return context.DeadlineExceeded
		case errors.Is(err, io.ErrUnexpectedEOF):
			return refuse(atlas.ErrBatch, "数据没有传完连接就断了", "the connection ended before the batch did")
		}
		return err
	}
	h := w.Header()
	h.Set("Content-Type", answerType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.FormatInt(out.size, 10))
	h.Set("Yutu-Rows", strconv.Itoa(tally.Rows))
	h.Set("Yutu-Bad-Rows", strconv.Itoa(tally.Bad))
	return out.copyTo(w, func() { _ = connection.SetWriteDeadline(time.Now().Add(batchPatience)) })
}

// spool holds an answer until it is whole: the beginning in memory, the rest in a file that has no name any more.
type spool struct {
	memory int
	head   bytes.Buffer
	file   *os.File
	size   int64
}

func (s *spool) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	if s.file == nil && s.head.Len()+len(p) <= s.memory {
		return s.head.Write(p)
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "yutu-batch-")
		if err != nil {
			return 0, err
		}
		s.file = f
		// Where a file in use cannot be removed, close does it.
		_ = os.Remove(f.Name())
	}
	return s.file.Write(p)
}

// copyTo writes the answer and calls renew as it goes on. An answer that cannot be finished is broken off, so that the client sees
// that it is not whole.
func (s *spool) copyTo(w io.Writer, renew func()) error {
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err // nothing is sent yet
		}
	}
	if _, err := w.Write(s.head.Bytes()); err != nil {
		panic(http.ErrAbortHandler)
	}
	if s.file == nil {
		return nil
	}
	for {
		renew()
		_, err := io.CopyN(w, s.file, batchMemory)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}
