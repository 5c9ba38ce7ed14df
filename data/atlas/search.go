package atlas

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"yutu/geo/division"
)

// Hit is one result of a search.
type Hit struct {
	Item *Item
	// Score is above 0 and at most 1, in the order of Snapshot.Search.
	Score float64
	// Former is true when an older version matched (a former name, or a unit that no longer exists).
	Former bool
}

const (
	// MaxQueryRunes is how much of a search text is looked at; the rest is cut off. The longest official names of
	// divisions have some twenty characters.
	MaxQueryRunes = 64
	// DefaultHits is how many hits Search returns at most when the caller names no limit.
	DefaultHits = 20
)

// What matched, from the best; the order is that of ranking.
const (
	whole = iota
	prefix
	part
	matchKinds
)

// maxRankedLength is the name length beyond which shorter is no longer better.
const maxRankedLength = 31

// Search finds units by name or by the beginning of a code (2 digits or more), as of the day at. It returns at most
// limit hits (DefaultHits if limit ≤ 0), the best first: the whole name or code, then a beginning, then a part of a
// name; what is in force before what is former; higher levels first, then shorter names (of names that match), then
// by code.
//
// Full width and half width, spaces and case make no difference. A former name finds the unit that bears the code on
// the day at; a unit that no longer exists is found as its last version until then. Versions that begin after
// the day at are not found. A text without letters or digits finds nothing.
func (s *Snapshot) Search(q string, at division.Date, limit int) []Hit {
	q = normalise(cut(q, MaxQueryRunes))
	if q == "" {
		return nil
	}
	if limit <= 0 {
		limit = DefaultHits
	}
	digits := len(q) >= 2 && strings.Trim(q, "0123456789") == ""

	// Counting sort by rank: byCode is in the order of codes, so every bucket is too.
	type match struct {
		rank int32
		row  *codeRow
	}
	var found []match
	var sizes [ranks]int32
	for _, rows := range s.byCode.chunks {
		for i := range rows {
			r := &rows[i]
			kind, length := matchName(r.key, q), int(r.length)
			if digits {
				if byCode := matchCode(r.code, q); byCode < kind {
					kind, length = byCode, 0
				}
			}
			if kind == matchKinds || r.valid.From > at {
				continue
			}
			n := rank(kind, !r.valid.Contains(at), r.level, length)
			sizes[n]++
			found = append(found, match{int32(n), r})
		}
	}
	var start [ranks + 1]int32
	for n, c := range sizes {
		start[n+1] = start[n] + c
	}
	ranked := make([]*codeRow, len(found))
	fill := start
	for _, m := range found {
		ranked[fill[m.rank]] = m.row
		fill[m.rank]++
	}

	var hits []Hit
	seen := map[division.Code]bool{}
	for n := range sizes {
		for _, r := range ranked[start[n]:start[n+1]] {
			if seen[r.code] {
				continue
			}
			seen[r.code] = true
			h := Hit{Item: r.item, Score: 1 - float64(n)/ranks, Former: !r.valid.Contains(at)}
			if h.Former {
				h.Item = s.lastUntil(r.code, at)
			}
			if hits = append(hits, h); len(hits) == limit {
				return hits
			}
		}
	}
	return hits
}

// lastUntil returns the version of the code in force on the day at, or else the last that began until then.
func (s *Snapshot) lastUntil(code division.Code, at division.Date) *Item {
	if it, ok := s.ByCode(code, at); ok {
		return it
	}
	rows := s.codeRows(code)
	for i := len(rows) - 1; i > 0; i-- {
		if rows[i].item.Unit.Valid.From <= at {
			return rows[i].item
		}
	}
	return rows[0].item
}

const ranks = matchKinds * 2 * 6 * (maxRankedLength + 1)

// rank folds the order of hits into one number below ranks, 0 the best.
func rank(kind int, former bool, level division.Level, length int) int {
	n := kind * 2
	if former {
		n++
	}
	if level < 1 || level > division.Village {
		level = division.Village
	}
	return (n*6+int(level))*(maxRankedLength+1) + length
}

func matchName(key, q string) int {
	switch i := strings.Index(key, q); {
	case i < 0:
		return matchKinds
	case len(key) == len(q):
		return whole
	case i == 0:
		return prefix
	default:
		return part
	}
}

func matchCode(code division.Code, q string) int {
	switch {
	case string(code) == q || code.Short() == q:
		return whole
	case strings.HasPrefix(string(code), q):
		return prefix
	default:
		return matchKinds
	}
}

// normalise returns the form in which names and queries are compared: NFKC, lower case, letters, digits and marks only.
func normalise(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(s))
}

func cut(s string, runes int) string {
	n := 0
	for i := range s {
		if n++; n > runes {
			return s[:i]
		}
	}
	return s
}
