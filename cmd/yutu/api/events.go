package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"yutu/data/atlas"
	"yutu/geo/division"
)

const (
	eventsRoute = "/api/v1/events"
	// maxRanges is the number of tile ranges from which drawing everything anew is less work than telling.
	maxRanges = 2000
	// streamBuffer is how many events may wait for a slow reader before it is told to start anew.
	streamBuffer = 64
)

// tilesEvent lists the tiles that may have changed, at any date.
type tilesEvent struct {
	Tileset string      `json:"tileset"`
	Seq     int64       `json:"seq"`
	Ranges  []tileRange `json:"ranges"`
}

// tileRange includes its ends.
type tileRange struct {
	Z  uint8  `json:"z"`
	X0 uint32 `json:"x0"`
	Y0 uint32 `json:"y0"`
	X1 uint32 `json:"x1"`
	Y1 uint32 `json:"y1"`
}

// events is a stream of server-sent events: status first and whenever the health changes, tiles after each change,
// reset when a reader has to start anew. Every event carries the sequence as its id; a reader that comes back with an
// older one finds a reset first. The stream ends with the request's context, so when the server stops.
func (s *server) events(w http.ResponseWriter, r *http.Request) error {
	if _, err := readParams(r); err != nil {
		return err
	}
	if s.streams.Add(1) > int64(s.MaxStreams) {
		s.streams.Add(-1)
		return errBusy
	}
	defer s.streams.Add(-1)
	// Subscribed before the status is read: what happens in between is told twice rather than not at all.
	events, unsubscribe := s.Atlas.Subscribe(streamBuffer)
	defer unsubscribe()

	out := &stream{w: w, ctrl: http.NewResponseController(w)}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the events back
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	status := s.statusAt(division.Today())
	out.raw("retry: 3000\n\n")
	out.send("status", status.Seq, status)
	if last := r.Header.Get("Last-Event-ID"); last != "" && last != strconv.FormatInt(status.Seq, 10) {
		out.send("reset", status.Seq, struct{}{})
	}
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	for out.err == nil {
		select {
		case <-r.Context().Done():
			return nil
		case <-beat.C:
			out.raw(": alive\n\n")
		case e, ok := <-events:
			if !ok {
				return nil
			}
			s.tell(out, e)
		}
	}
	return nil
}

func (s *server) tell(out *stream, e atlas.Event) {
	switch {
	case e.Health != nil:
		out.send("status", e.Seq, s.statusAt(division.Today()))
	case e.Reset || len(e.Touched) > maxRanges:
		out.send("reset", e.Seq, struct{}{})
	case len(e.Touched) > 0:
		doc := tilesEvent{Tileset: "divisions", Seq: e.Seq, Ranges: make([]tileRange, len(e.Touched))}
		for i, t := range e.Touched {
			doc.Ranges[i] = tileRange(t)
		}
		out.send("tiles", e.Seq, doc)
	}
}

// stream writes events until the first error.
type stream struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
	err  error
}

func (s *stream) send(event string, seq int64, data any) {
	// One line: json.Marshal writes no line breaks.
	body, err := json.Marshal(data)
	if err != nil {
		s.err = err
		return
	}
	s.raw("id: " + strconv.FormatInt(seq, 10) + "\nevent: " + event + "\ndata: " + string(body) + "\n\n")
}

func (s *stream) raw(text string) {
	if s.err != nil {
		return
	}
	// A reader that takes nothing must not hold the stream for ever. Recorders know no deadlines.
	_ = s.ctrl.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.ctrl.Flush()
	}
}
