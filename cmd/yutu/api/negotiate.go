package api

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const (
	typeJSON    = "application/json"
	typeGeoJSON = "application/geo+json"
	typeHTML    = "text/html"
	typeSchema  = "application/schema+json"
	typeMVT     = "application/vnd.mapbox-vector-tile"
	typeOpenAPI = "application/vnd.oai.openapi+json;version=3.0"
)

// quality reads the q of an entry's parameters: 1 when absent, 0 when it is no number from 0 to 1.
func quality(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}

// mediaRange is one entry of an Accept header.
type mediaRange struct {
	typ, sub   string
	parameters map[string]string
	q          float64
}

func mediaRanges(header string) []mediaRange {
	if len(header) > 2000 {
		return nil
	}
	var out []mediaRange
	for entry := range strings.SplitSeq(header, ",") {
		full, parameters, err := mime.ParseMediaType(strings.TrimSpace(entry))
		if err != nil {
			continue
		}
		typ, sub, ok := strings.Cut(full, "/")
		if !ok {
			continue
		}
		q := 1.0
		if s, given := parameters["q"]; given {
			q = quality("q=" + s)
		}
		delete(parameters, "q")
		// A browser asks for text/html;charset=…: which encoding the text has is not what the choice is about.
		delete(parameters, "charset")
		out = append(out, mediaRange{typ, sub, parameters, q})
	}
	return out
}

// specificity says how exactly the range names the offer, 0 not at all.
func (m *mediaRange) specificity(typ, sub string, parameters map[string]string) int {
	switch {
	case m.typ == "*" && m.sub == "*":
		return 1
	case m.typ != typ:
		return 0
	case m.sub == "*":
		return 2
	case m.sub != sub:
		return 0
	}
	for k, v := range m.parameters {
		if parameters[k] != v {
			return 0
		}
	}
	return 3 + len(m.parameters)
}

// prefer returns the offer that an Accept header likes best, the earlier one if it likes several as much; ok is false
// when it takes none of them. No header takes anything.
func prefer(header string, offers ...string) (offer string, ok bool) {
	if strings.TrimSpace(header) == "" {
		return offers[0], true
	}
	ranges := mediaRanges(header)
	best := 0.0
	for _, o := range offers {
		full, parameters, err := mime.ParseMediaType(o)
		if err != nil {
			continue
		}
		typ, sub, _ := strings.Cut(full, "/")
		q, how := 0.0, 0
		for i := range ranges {
			if s := ranges[i].specificity(typ, sub, parameters); s > how || s == how && s > 0 && ranges[i].q > q {
				q, how = ranges[i].q, s
			}
		}
		if q > best {
			offer, best = o, q
		}
	}
	return offer, best > 0
}

// represent chooses the media type of an answer: by the parameter f, else by Accept. The offers are those of the
// resource, the usual one first.
func represent(r *http.Request, f string, offers ...string) (string, error) {
	switch f {
	case "":
	case "json":
		return offers[0], nil
	case "html":
		for _, o := range offers {
			if o == typeHTML {
				return o, nil
			}
		}
		return "", badParameter("f", "这里只有 json", "there is only json here")
	default:
		return "", badParameter("f", "“%.40s”不是可用的格式，请写 json 或 html", "%.40q is no format: write json or html", f)
	}
	offer, ok := prefer(r.Header.Get("Accept"), offers...)
	if !ok {
		return "", errNotAcceptable
	}
	return offer, nil
}

// wantsPage reports whether a refusal should be a page for a person: only below /ogc, whose pages people read.
func wantsPage(r *http.Request) bool {
	if r.URL.Path != "/ogc" && !strings.HasPrefix(r.URL.Path, "/ogc/") {
		return false
	}
	switch r.URL.Query().Get("f") {
	case "html":
		return true
	case "json":
		return false
	}
	accept := r.Header.Get("Accept")
	if !strings.Contains(accept, typeHTML) {
		return false
	}
	offer, ok := prefer(accept, "application/problem+json", typeGeoJSON, typeHTML)
	return ok && offer == typeHTML
}

// acceptsGzip reports whether the client takes gzip.
func acceptsGzip(r *http.Request) bool {
	switch header := r.Header.Get("Accept-Encoding"); header {
	case "":
		return false
	case "gzip", "gzip, deflate, br, zstd", "gzip, deflate, br", "gzip, deflate":
		return true
	default:
		star := false
		for entry := range strings.SplitSeq(header, ",") {
			name, rest, _ := strings.Cut(entry, ";")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				return quality(rest) > 0
			case "*":
				star = quality(rest) > 0
			}
		}
		return star
	}
}

// matches reports whether an If-None-Match header names the tag; weak and strong are the same here (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	if header == "" {
		return false
	}
	if header == tag {
		return true
	}
	tag = strings.TrimPrefix(tag, "W/")
	for entry := range strings.SplitSeq(header, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "*" || strings.TrimPrefix(entry, "W/") == tag {
			return true
		}
	}
	return false
}
