package api

import (
	"strconv"
	"strings"
	"time"

	"yutu/geo/division"
)

// chinaTime is the clock by which an instant falls on a civil day of Chinese law.
var chinaTime = time.FixedZone("UTC+8", 8*3600)

// period reads a datetime parameter (OGC API Features 7.15.4) as the half-open range of civil days that it touches: a
// date, an instant with its zone, or two of them with a slash between, either of which may be ".." or empty for an open
// end, or one of which may be a duration of ISO 8601. An instant stands for the day in China that it falls on.
func period(s string) (division.Range, error) {
	bad := func(zh, en string, args ...any) (division.Range, error) {
		return division.Range{}, badParameter("datetime", zh, en, args...)
	}
	if len(s) > 200 {
		return bad("datetime 过长", "datetime is too long")
	}
	head, tail, interval := strings.Cut(s, "/")
	if !interval {
		t, ok := instant(s)
		if !ok {
			return bad("“%s”不是日期或时间，请写成 2026-01-31、2026-01-31T08:00:00Z 或 2020-01-01/.. 的形式",
				"%q is no date or time: write it like 2026-01-31, 2026-01-31T08:00:00Z or 2020-01-01/..", printable(s))
		}
		return division.Range{From: dayOf(t), To: dayOf(t) + 1}, nil
	}
	var from, to *time.Time
	read := func(part string) (t *time.Time, length *duration, ok bool) {
		if part == "" || part == ".." {
			return nil, nil, true
		}
		if part[0] == 'P' || part[0] == 'p' {
			d, ok := parseDuration(part)
			return nil, &d, ok
		}
		i, ok := instant(part)
		return &i, nil, ok
	}
	from, before, ok := read(head)
	if !ok {
		return bad("datetime 的起点“%s”无法识别", "the start %q of datetime cannot be read", printable(head))
	}
	to, after, ok := read(tail)
	switch {
	case !ok:
		return bad("datetime 的终点“%s”无法识别", "the end %q of datetime cannot be read", printable(tail))
	case before != nil && after != nil, before != nil && to == nil, after != nil && from == nil:
		return bad("时长须与一个日期或时间相配", "a duration needs a date or time beside it")
	case before != nil:
		t := before.add(*to, -1)
		from = &t
	case after != nil:
		t := after.add(*from, 1)
		to = &t
	}
	out := division.Always
	if from != nil {
		out.From = dayOf(*from)
	}
	if to != nil {
		out.To = dayOf(*to) + 1
	}
	// Whole days count: an end earlier on the day of the start still touches that day.
	if out.Empty() {
		return bad("datetime 的起点晚于终点", "the start of datetime is later than its end")
	}
	return out, nil
}

// dayOf is the civil day of a time in its own zone; instants come in China's.
func dayOf(t time.Time) division.Date { return division.DateOf(t) }

// instant reads a full date, or a date-time of RFC 3339, which it moves to China's clock.
func instant(s string) (time.Time, bool) {
	if d, ok := parseDay(s); ok {
		return d.Time(), true
	}
	s = strings.ToUpper(s)
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' {
		return time.Time{}, false
	}
	// A leap second (RFC 3339, 5.7) falls on the day of the second before.
	if s[16:19] == ":60" {
		s = s[:16] + ":59" + s[19:]
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || strings.Contains(s, ",") {
		return time.Time{}, false
	}
	return t.In(chinaTime), true
}

// duration is one of ISO 8601; years, months and days are of the calendar.
type duration struct {
	years, months, days int
	clock               time.Duration
}

// add returns t moved by the duration, back if sign is −1.
func (d duration) add(t time.Time, sign int) time.Time {
	return t.AddDate(sign*d.years, sign*d.months, sign*d.days).Add(time.Duration(sign) * d.clock)
}

// parseDuration reads PnYnMnWnDTnHnMnS with at least one part, whole numbers but for a fraction of seconds, each below
// 100,000.
func parseDuration(s string) (d duration, ok bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok {
		return d, false
	}
	units, inTime := "YMWD", false
	parts := 0
	for rest != "" {
		if rest[0] == 'T' {
			if inTime || len(rest) == 1 {
				return d, false
			}
			units, inTime, rest = "HMS", true, rest[1:]
			continue
		}
		i := strings.IndexFunc(rest, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
		if i <= 0 {
			return d, false
		}
		unit := rest[i]
		place := strings.IndexByte(units, unit)
		if place < 0 {
			return d, false
		}
		units = units[place+1:]
		if inTime && unit == 'S' {
			seconds, err := strconv.ParseFloat(rest[:i], 64)
			if err != nil || !(seconds < 100_000) {
				return d, false
			}
			d.clock += time.Duration(seconds * float64(time.Second))
		} else {
			n, err := strconv.Atoi(rest[:i])
			if err != nil || n >= 100_000 {
				return d, false
			}
			switch {
			case inTime && unit == 'H':
				d.clock += time.Duration(n) * time.Hour
			case inTime:
				d.clock += time.Duration(n) * time.Minute
			case unit == 'Y':
				d.years = n
			case unit == 'M':
				d.months = n
			case unit == 'W':
				d.days += 7 * n
			default:
				d.days += n
			}
		}
		parts++
		rest = rest[i+1:]
	}
	return d, parts > 0
}
