package api

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"yutu/geo/division"
)

const (
	// maxTarget bounds the request target; the longest address that a page of ours makes has some hundred bytes.
	maxTarget = 8 << 10
	// writeTimeout is how long a client may leave an answer lying; long answers renew it as they go.
	writeTimeout = 60 * time.Second
)

// recorder knows what was answered.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var (
	nosniff  = []string{"nosniff"}
	referrer = []string{"strict-origin-when-cross-origin"}
	policy   = []string{"default-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; " +
		"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"}
	anybody = []string{"*"}
	exposed = []string{"Link, ETag, Content-Crs, Content-Language, Age, Warning, Retry-After"}
)

// asDocument adds what a browser needs to know about something that it shows or runs. Answers with data go without: a
// tile has few bytes to spare.
func asDocument(h http.Header) {
	h["Content-Security-Policy"] = policy
	h["Referrer-Policy"] = referrer
}

// guard stands before every route: it refuses what no route should see, answers OPTIONS, counts, and turns a panic
// into an answer that tells nothing of the inside.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		began := time.Now()
		w := &recorder{ResponseWriter: rw}
		h := w.Header()
		h["X-Content-Type-Options"] = nosniff
		// Recorders of tests and some servers know no deadlines; then there is none.
		_ = http.NewResponseController(rw).SetWriteDeadline(began.Add(writeTimeout))

		rctx := chi.RouteContext(r.Context())
		defer func() {
			cause := recover()
			if cause != nil {
				if cause == http.ErrAbortHandler { //nolint:errorlint // a sentinel value of net/http
					panic(cause)
				}
				s.Log.Error("panic in a request", "cause", cause, "method", r.Method, "path", r.URL.Path, "stack", string(debug.Stack()))
				if w.status != 0 {
					// Something was sent already: the client must see that it is not whole.
					panic(http.ErrAbortHandler)
				}
				s.fail(w, r, fmt.Errorf("panic: %v", cause))
			}
			status := w.status
			if status == 0 && r.Context().Err() != nil {
				status = 499 // the client has gone
			}
			s.metrics.observe(rctx.RoutePattern(), r.Method, status, time.Since(began))
		}()

		if err := checkTarget(r); err != nil {
			s.fail(w, r, err)
			return
		}
		if s.BaseURL == "" && !validHost(r.Host) {
			if r.Host != "" {
				s.fail(w, r, errHost)
				return
			}
			r.Host = "localhost" // HTTP/1.0
		}
		switch {
		case r.Method == http.MethodHead:
			// Whatever can be got can be asked about; net/http leaves the body out.
			rctx.RouteMethod = http.MethodGet
		case r.Method == http.MethodOptions:
			if allowed := s.allowed(r); allowed != nil {
				s.options(w, r, allowed)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// checkTarget refuses addresses that are too long, or that could mean another path to a proxy than to us.
func checkTarget(r *http.Request) error {
	if len(r.RequestURI) > maxTarget || len(r.URL.RawQuery) > maxTarget {
		return errTooLong
	}
	path := r.URL.Path
	if path == "" || path[0] != '/' {
		return errPath
	}
	for i := range len(path) {
		if c := path[i]; c < 0x20 || c == 0x7f || c == '\\' {
			return errPath
		}
		if path[i] == '/' && i+1 < len(path) {
			rest := path[i+1:]
			if rest[0] == '/' || rest == "." || rest == ".." || strings.HasPrefix(rest, "./") || strings.HasPrefix(rest, "../") {
				return errPath
			}
		}
	}
	if raw := r.URL.RawPath; raw != "" {
		if strings.Contains(strings.ToLower(raw), "%2f") {
			return errPath
		}
		// The decoded form is unambiguous now, and it is what the routes are written in.
		r.URL.RawPath = ""
	}
	return nil
}

// allowed lists the methods of the route at the request's path; nil when there is no route.
func (s *server) allowed(r *http.Request) []string {
	var out []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if s.mux.Match(chi.NewRouteContext(), m, r.URL.Path) {
			out = append(out, m)
		}
	}
	if slices.Contains(out, http.MethodGet) {
		out = append(out, http.MethodHead)
	}
	if out != nil {
		out = append(out, http.MethodOptions)
	}
	return out
}

func (s *server) options(w http.ResponseWriter, r *http.Request, allowed []string) {
	h := w.Header()
	h.Set("Allow", strings.Join(allowed, ", "))
	if open := s.openMethods(r, allowed); open != nil {
		h["Access-Control-Allow-Origin"] = anybody
		h.Set("Access-Control-Allow-Methods", strings.Join(open, ", "))
		h.Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Content-Type, If-None-Match, Last-Event-ID")
		h.Set("Access-Control-Max-Age", "86400")
	}
	w.WriteHeader(http.StatusNoContent)
}

// openMethods says what the pages of others may do at an address: read the data, which are public, as far as the table
// of access calls them so. What belongs to an account is for pages of the service alone.
func (s *server) openMethods(r *http.Request, allowed []string) []string {
	data := false
	for _, p := range []string{"/ogc", "/tiles/", "/styles/", "/api/"} {
		data = data || strings.HasPrefix(r.URL.Path, p)
	}
	if !data || r.URL.Path == sessionPath {
		return nil
	}
	var out []string
	for _, m := range allowed {
		switch m {
		case http.MethodHead, http.MethodOptions:
			if out != nil {
				out = append(out, m)
			}
			continue
		}
		found := chi.NewRouteContext()
		if s.mux.Match(found, m, r.URL.Path) {
			if a := s.access[m+" "+found.RoutePattern()]; a != nil && a.need == Public {
				out = append(out, m)
			}
		}
	}
	return out
}

// reads stands before everything that is answered from the atlas: pages of others may read it, and it says how old it
// is when the atlas cannot follow the database.
func (s *server) reads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Access-Control-Allow-Origin"] = anybody
		if s.Atlas.Snapshot() == nil {
			s.fail(w, r, errNotReady)
			return
		}
		if health := s.Atlas.Health(); health.Degraded {
			h.Set("Age", strconv.Itoa(max(int(time.Since(health.CheckedAt).Seconds()), 0)))
			h.Set("Warning", `110 yutu "Response is Stale"`)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) error {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && s.navigates(r) {
		return s.index(w, r)
	}
	if path := r.URL.Path; len(path) > 1 && strings.HasSuffix(path, "/") {
		trimmed := strings.TrimRight(path, "/")
		if s.mux.Match(chi.NewRouteContext(), http.MethodGet, trimmed) && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			// checkTarget keeps out paths with two slashes, which could lead to another host.
			to := s.root + trimmed
			if r.URL.RawQuery != "" {
				to += "?" + r.URL.RawQuery
			}
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusPermanentRedirect)
			return nil
		}
	}
	return errNotFound
}

func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	allowed := s.allowed(r)
	if allowed == nil {
		return errNotFound
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return errMethod
}

// fresh writes the validators of an answer made from v and reports whether the client has it already; then 304 was
// sent. variant is all that the answer depends on besides the snapshot. The tag is weak: two answers with it say the
// same but differ in their timestamps.
func (s *server) fresh(w http.ResponseWriter, r *http.Request, v *view, variant ...string) bool {
	tag := v.entityTag(append(variant, division.Today().String(), strconv.FormatBool(s.Atlas.Health().Degraded))...)
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	return false
}
