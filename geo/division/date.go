package division

import (
	"fmt"
	"math"
	"time"
)

// Date is a civil day, counted from 1970-01-01. Law speaks of days, not of instants: there is no time zone.
type Date int32

const (
	// Past stands for "since before anything on record", the open lower end of a Range.
	Past Date = math.MinInt32
	// Future stands for "until further notice", the open upper end of a Range.
	Future Date = math.MaxInt32
)

const dateLayout = "2006-01-02"

// ParseDate reads YYYY-MM-DD, YYYY/M/D, YYYYMMDD and YYYY年M月D日.
func ParseDate(s string) (Date, error) {
	for _, layout := range []string{dateLayout, "2006/1/2", "20060102", "2006年1月2日"} {
		if t, err := time.Parse(layout, s); err == nil {
			return DateOf(t), nil
		}
	}
	return 0, fmt.Errorf("%q is not a date: write YYYY-MM-DD", s)
}

// DateOf returns the civil day that t's own clock shows.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Today returns the present civil day in China (UTC+8, no daylight saving since 1991), wherever the server stands.
func Today() Date { return DateOf(time.Now().In(chinaTime)) }

var chinaTime = time.FixedZone("UTC+8", 8*3600)

// Time returns midnight UTC of the day; Past and Future have no time.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String returns YYYY-MM-DD, or "" for Past and Future.
func (d Date) String() string {
	if d == Past || d == Future {
		return ""
	}
	return d.Time().Format(dateLayout)
}

// Range is a half-open range of days [From, To).
type Range struct{ From, To Date }

// Always is the range without ends.
var Always = Range{Past, Future}

// Contains reports whether d lies in the range.
func (r Range) Contains(d Date) bool { return r.From <= d && d < r.To }

// Overlaps reports whether the ranges share a day.
func (r Range) Overlaps(o Range) bool {
	return r.From < o.To && o.From < r.To && r.From < r.To && o.From < o.To
}

// Empty reports whether no day lies in the range.
func (r Range) Empty() bool { return r.From >= r.To }
