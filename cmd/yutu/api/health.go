package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// plain sends a small document that is true only now.
func (s *server) plain(w http.ResponseWriter, r *http.Request, doc any) error {
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", typeJSON)
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Encoding")
	writeBody(w, r, http.StatusOK, body)
	return nil
}

// healthz says that the process answers; whether what it answers is up to date is readyz' business.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) error {
	return s.plain(w, r, map[string]string{"status": "ok", "version": s.Version})
}

type readiness struct {
	// Status is ready, or degraded when the database is away and reads go on from the last snapshot.
	Status string     `json:"status"`
	Seq    int64      `json:"seq"`
	Since  *time.Time `json:"degraded_since,omitempty"`
	// Reason is short and tells nothing of hosts or users.
	Reason   string    `json:"reason,omitempty"`
	LoadedAt time.Time `json:"snapshot_loaded_at"`
}

// readyz answers 200 as long as reads can be served, degraded or not; a balancer that took a degraded node out
// would turn the loss of the database into the loss of the service.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) error {
	if s.Atlas.Snapshot() == nil {
		return errNotReady
	}
	health := s.Atlas.Health()
	doc := readiness{Status: "ready", Seq: health.Seq, LoadedAt: health.LoadedAt.UTC()}
	switch {
	case health.Degraded:
		since := health.Since.UTC()
		doc.Status, doc.Since, doc.Reason = "degraded", &since, health.Error
	case !s.ping.answers(r.Context()):
		doc.Status, doc.Reason = "degraded", "the database does not answer"
	}
	return s.plain(w, r, doc)
}

// pinger asks the database at most once a second, however often it is asked itself.
type pinger struct {
	ask func(context.Context) error

	mu   sync.Mutex
	at   time.Time
	fine bool
}

func (p *pinger) answers(ctx context.Context) bool {
	if p.ask == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) > time.Second {
		// Somebody who hangs up must not make the database look dead to the next.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		p.fine = p.ask(ctx) == nil
		p.at = time.Now()
	}
	return p.fine
}

// metrics counts in a registry of its own: two services in one process do not meet.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	// bound holds the counters per route, method and status, so that counting costs no hashing of names.
	bound sync.Map
}

type boundKey struct {
	route, method string
	status        int
}

type boundMetrics struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
}

func newMetrics(s *server) *metrics {
	reg := prometheus.NewRegistry()
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yutu_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yutu_http_request_duration_seconds", Help: "Time from the request's head to the end of its answer; streams are left out.",
			Buckets: []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	yes := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	reg.MustRegister(
		m.requests, m.seconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("yutu_snapshot_seq", "Place in the change log that reads reflect.", func() float64 { return float64(s.Atlas.Health().Seq) }),
		gauge("yutu_snapshot_loaded_timestamp_seconds", "When the present snapshot was swapped in.", func() float64 {
			return float64(s.Atlas.Health().LoadedAt.UnixNano()) / 1e9
		}),
		gauge("yutu_snapshot_checked_timestamp_seconds", "When the change log was last read successfully.", func() float64 {
			return float64(s.Atlas.Health().CheckedAt.UnixNano()) / 1e9
		}),
		gauge("yutu_degraded", "1 while the database cannot be followed.", func() float64 { return yes(s.Atlas.Health().Degraded) }),
		gauge("yutu_divisions", "Versions of divisions in memory.", func() float64 {
			if snap := s.Atlas.Snapshot(); snap != nil {
				return float64(snap.Len())
			}
			return 0
		}),
		gauge("yutu_event_streams", "Open event streams.", func() float64 { return float64(s.streams.Load()) }),
	)
	m.handler = promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
	return m
}

func (m *metrics) serve(w http.ResponseWriter, r *http.Request) error {
	m.handler.ServeHTTP(w, r)
	return nil
}

// methods keeps a client from inventing label values.
var methods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true}

func (m *metrics) observe(route, method string, status int, took time.Duration) {
	if route == "" || route == "/*" {
		route = "none"
	}
	if !methods[method] {
		method = "other"
	}
	if status == 0 {
		status = http.StatusOK
	}
	key := boundKey{route, method, status}
	b, ok := m.bound.Load(key)
	if !ok {
		b, _ = m.bound.LoadOrStore(key, &boundMetrics{
			m.requests.WithLabelValues(route, method, strconv.Itoa(status)), m.seconds.WithLabelValues(route),
		})
	}
	bm := b.(*boundMetrics)
	bm.requests.Inc()
	if route != eventsRoute {
		bm.seconds.Observe(took.Seconds())
	}
}
