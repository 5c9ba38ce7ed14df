package pg

import "yutu/geo/division"

// SetToday fixes the present day for all tests of the process.
func SetToday(d division.Date) { today = func() division.Date { return d } }

// For tests of the format.
var (
	AppendEWKB     = appendEWKB
	EWKBSize       = ewkbSize
	ParseEWKB      = parseEWKB
	AppendPoint    = appendPointEWKB
	ParsePointEWKB = parsePointEWKB
	Suitable       = suitable
	WaitAfter      = waitAfter
)
