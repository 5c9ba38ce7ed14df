// Package api is the service as others reach it: OGC API Features and Tiles, vector tiles, the JSON of the web app,
// its event stream, accounts, and the files of the app itself. Everything that strangers may read is answered from the
// atlas without asking the database, so that it goes on while the database is away; only the probe of its presence and
// whatever belongs to an account ask it.
//
// Who may use which route stands in one table (access.go). Cookies of sessions and bearer tokens say who asks
// (identity.go); every refusal with 401, 403 or 429 and every change is in the audit log. In public mode signing in
// works as ever: what strangers see does not depend on it. A read-only node takes neither sign-ins nor changes, and
// knows the sessions and tokens that the main node gave out.
//
// Every refusal is a problem of RFC 9457 from one table (problem.go), in Chinese or English. A request that names a
// parameter which its resource does not know is refused rather than answered as if it had not been there.
//
// Dates: resources that show divisions "as of" a day take at=YYYY-MM-DD, the OGC resources datetime; without it they
// show today's divisions, today being the civil day in China. Positions are lon, lat in degrees, CGCS2000, unless a
// request asks for another reference system.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"yutu/data/atlas"
	"yutu/data/pg"
)

// Config is what the service is made of.
type Config struct {
	// Atlas answers all reads. Required.
	Atlas *atlas.Atlas
	// Accounts holds accounts, sessions, tokens and the audit log; nil: nobody can sign in.
	Accounts *pg.Store
	// ReadOnly is a node that takes no sign-ins and no changes, on a database that replicates the main one. Sessions and
	// tokens of the main node are known to it.
	ReadOnly bool
	// Ping asks the database whether it is there; nil leaves the atlas' own health as the only witness.
	Ping func(context.Context) error
	// Files is the built web app with index.html and assets/ at the top; nil or without index.html means not built.
	Files fs.FS
	// Style is the MapLibre style of the map; its sources with an address below /tiles/ are made absolute.
	Style []byte
	// Public is the mode in which strangers look: it needs a ReviewNumber, which then stands on every page and map.
	Public       bool
	ReviewNumber string
	// BaseURL is how the service is called from outside, such as "https://map.example.gov.cn/yutu"; a path in it is one
	// that the proxy takes off. Empty means as the request says.
	BaseURL string
	// TrustForwarded takes scheme and host from X-Forwarded-Proto and X-Forwarded-Host while BaseURL is empty. Set it
	// only behind a proxy that always writes them: anybody else could make the service answer with foreign links.
	TrustForwarded bool
	Version        string
	Log            *slog.Logger
	// Heartbeat is how often an idle event stream says that it is alive; 0 means 15 seconds.
	Heartbeat time.Duration
	// MaxStreams is how many event streams may be open at once; 0 means 1,000.
	MaxStreams int
}

// ErrNoReviewNumber refuses public mode without a map review number (地图管理条例 第十五条、第二十二条).
var ErrNoReviewNumber = errors.New("public mode needs a map review number")

type server struct {
	Config
	mux     *chi.Mux
	access  map[string]*access // by method and pattern
	metrics *metrics
	files   *files
	style   map[string]any
	pages   *pages
	openapi map[string]any
	// root is the path of BaseURL without a slash at its end, for links within the service.
	root    string
	boot    string // differs from process to process; part of entity tags
	current atomic.Pointer[view]
	views   atomic.Int64
	streams atomic.Int64
	ping    pinger
}

// New returns the service. It refuses public mode without a review number, a base address that is none, and a
// style that is not JSON.
func New(c Config) (http.Handler, error) {
	if c.Public && strings.TrimSpace(c.ReviewNumber) == "" {
		return nil, ErrNoReviewNumber
	}
	if c.Atlas == nil {
		return nil, errors.New("api: no atlas")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 15 * time.Second
	}
	if c.MaxStreams <= 0 {
		c.MaxStreams = 1000
	}
	s := &server{Config: c, boot: randomName()}
	var err error
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, fmt.Errorf("api: %q is not a base address: write one like https://map.example.gov.cn", c.BaseURL)
		}
		s.root = strings.TrimRight(u.EscapedPath(), "/")
		s.BaseURL = u.Scheme + "://" + u.Host + s.root
	}
	if len(c.Style) > 0 {
		if err := json.Unmarshal(c.Style, &s.style); err != nil {
			return nil, fmt.Errorf("api: the map style: %w", err)
		}
	}
	if s.files, err = newFiles(c.Files); err != nil {
		return nil, err
	}
	if s.openapi, err = readOpenAPI(c.Version); err != nil {
		return nil, err
	}
	s.pages = newPages()
	s.metrics = newMetrics(s)
	s.ping.ask = c.Ping
	s.routes()
	return s.mux, nil
}

// handler answers a request or returns why it does not; the table of problems turns that into an answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// do makes a route of h: it lets through whom the table of access lets through.
func (s *server) do(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w, r, err := s.admit(w, r)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

// otherwise answers where there is no route, which is open to everybody.
func (s *server) otherwise(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

func (s *server) routes() {
	m := chi.NewRouter()
	s.mux = m
	m.Use(s.guard)
	s.access = accessByRoute(s.files.atTop())
	m.NotFound(s.otherwise(s.notFound))
	m.MethodNotAllowed(s.otherwise(s.methodNotAllowed))

	m.Get("/healthz", s.do(s.healthz))
	m.Get("/readyz", s.do(s.readyz))
	m.Get("/metrics", s.do(s.metrics.serve))

	m.Group(func(m chi.Router) {
		m.Use(s.reads)
		m.Get("/ogc", s.do(s.landing))
		m.Get("/ogc/", s.do(s.landing)) // what a client makes of the description's server and its path "/"
		m.Get("/ogc/api", s.do(s.apiDocument))
		m.Get("/ogc/conformance", s.do(s.conformance))
		m.Get("/ogc/collections", s.do(s.collections))
		m.Get("/ogc/collections/{collection}", s.do(s.collection))
		m.Get("/ogc/collections/{collection}/queryables", s.do(s.queryables))
		m.Get("/ogc/collections/{collection}/items", s.do(s.items))
		m.Get("/ogc/collections/{collection}/items/{feature}", s.do(s.item))
		m.Get("/ogc/collections/{collection}/tiles", s.do(s.tilesets))
		m.Get("/ogc/collections/{collection}/tiles/{tileMatrixSet}", s.do(s.tileset))
		m.Get("/ogc/collections/{collection}/tiles/{tileMatrixSet}/{tileMatrix}/{tileRow}/{tileCol}", s.do(s.ogcTile))

		m.Get("/tiles/divisions.json", s.do(s.tileJSON))
		m.Get("/tiles/divisions/*", s.do(s.tile))
		m.Get("/styles/atlas.json", s.do(s.styleJSON))

		m.Get("/api/v1/status", s.do(s.status))
		m.Get("/api/v1/search", s.do(s.search))
		m.Get("/api/v1/locate", s.do(s.locate))
		m.Get("/api/v1/divisions/events", s.do(s.history))
		m.Get("/api/v1/divisions/dates", s.do(s.dates))
		m.Get("/api/v1/divisions/{code}", s.do(s.division))
		m.Get("/api/v1/divisions/{code}/lineage", s.do(s.lineage))
		m.Get("/api/v1/events", s.do(s.events))
	})

	m.Post("/api/v1/divisions/events", s.do(s.postEvent))
	m.Post("/api/v1/divisions/events/{id}/withdraw", s.do(s.withdrawEvent))

	m.Get("/api/v1/session", s.do(s.getSession))
	m.Post("/api/v1/session", s.do(s.postSession))
	m.Patch("/api/v1/session", s.do(s.patchSession))
	m.Delete("/api/v1/session", s.do(s.deleteSession))
	m.Get("/api/v1/tokens", s.do(s.getTokens))
	m.Post("/api/v1/tokens", s.do(s.postToken))
	m.Delete("/api/v1/tokens/{id}", s.do(s.deleteToken))
	m.Get("/api/v1/users", s.do(s.getUsers))
	m.Post("/api/v1/users", s.do(s.postUser))
	m.Patch("/api/v1/users/{name}", s.do(s.patchUser))
	m.Get("/api/v1/audit", s.do(s.getAudit))

	m.Get("/", s.do(s.index))
	m.Get("/assets/*", s.do(s.asset))
	for _, name := range s.files.atTop() {
		m.Get("/"+name, s.do(s.asset))
	}
}

// base is the address of the service as the client knows it, without a slash at its end.
func (s *server) base(r *http.Request) string {
	if s.BaseURL != "" {
		return s.BaseURL
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if s.TrustForwarded {
		if p := strings.ToLower(first(r.Header.Get("X-Forwarded-Proto"))); p == "http" || p == "https" {
			scheme = p
		}
		if h := first(r.Header.Get("X-Forwarded-Host")); validHost(h) {
			host = h
		}
	}
	return scheme + "://" + host
}

// first is the first entry of a header that proxies append to.
func first(list string) string {
	head, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(head)
}

// validHost keeps out of our links what is no host[:port].
func validHost(h string) bool {
	if h == "" || len(h) > 255 {
		return false
	}
	for i := range len(h) {
		c := h[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0) {
			return false
		}
	}
	return true
}
