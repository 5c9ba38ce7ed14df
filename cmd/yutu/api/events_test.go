package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

type sseEvent struct{ id, event, data string }

// listen opens a stream and returns its events, comments as events without a name.
func (w *world) listen(t *testing.T, headers ...string) (<-chan sseEvent, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", w.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	out := make(chan sseEvent, 1000)
	go func() {
		defer close(out)
		defer res.Body.Close()
		var e sseEvent
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); {
			case lines.Text() == "":
				out <- e
				e = sseEvent{}
			case name == "id":
				e.id = value
			case name == "event":
				e.event = value
			case name == "data":
				e.data = value
			}
		}
	}()
	return out, cancel
}

// next waits for the next event of the name.
func next(t *testing.T, events <-chan sseEvent, name string) sseEvent {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("the stream ended before %q", name)
			}
			if e.event == name {
				return e
			}
		case <-late:
			t.Fatalf("no event %q", name)
		}
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	events, _ := w.listen(t)
	if e := next(t, events, "status"); e.id != "1" || !strings.Contains(e.data, `"seq":1`) {
		t.Errorf("%+v", e)
	}
	next(t, events, "") // a heartbeat
	u := w.src.units[11]
	u.Name = "新安街道"
	w.src.put(u)
	if e := next(t, events, "tiles"); e.id != "2" || !strings.Contains(e.data, `"tileset":"divisions","seq":2,"ranges":[{"z":`) {
		t.Errorf("%+v", e)
	}
	w.src.setAway(true)
	if e := next(t, events, "status"); !strings.Contains(e.data, `"degraded":true,"degraded_since":"20`) {
		t.Errorf("%+v", e)
	}
	w.src.setAway(false)
	if e := next(t, events, "status"); !strings.Contains(e.data, `"degraded":false,"degraded_since":null`) {
		t.Errorf("%+v", e)
	}
	// Who comes back with an older place starts anew, who missed nothing does not.
	again, _ := w.listen(t, "Last-Event-ID", "1")
	next(t, again, "status")
	next(t, again, "reset")
	current, _ := w.listen(t, "Last-Event-ID", "2")
	next(t, current, "status")
	next(t, current, "")
	if body := string(w.get("/metrics").body); strings.Contains(body, `route="/api/v1/events"`) && strings.Contains(body, `duration_seconds_count{route="/api/v1/events"}`) {
		t.Error("the length of a stream is counted as the duration of a request")
	}
}

func TestEventStreamsAreBoundedAndEnd(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxStreams = 2 })
	one, stop := w.listen(t)
	next(t, one, "status")
	two, _ := w.listen(t)
	next(t, two, "status")
	a := w.get("/api/v1/events")
	w.problem(t, a, 503, "")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	stop()
	eventually(t, "the place of the first", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, "GET", w.URL+"/api/v1/events", nil)
		res, err := client.Do(req)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == 200
	})
	// Shutdown: the server's base context ends, and with it every stream.
	w.CloseClientConnections()
	for range two {
	}
}
