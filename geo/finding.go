// Package geo holds what every check of the ground has in common: the finding.
// The rooms below it (crs, geodesy, geojson, topo, division …) know no SQL, no HTTP and no files.
package geo

import "fmt"

// Severity says what a finding does to the work at hand.
type Severity uint8

const (
	// Info is worth knowing and stops nothing.
	Info Severity = iota
	// Warning needs a person's consent before the work goes on.
	Warning
	// Error stops the work.
	Error
)

// String returns "info", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	default:
		return "error"
	}
}

// MarshalText writes the severity as String does.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(b []byte) error {
	switch string(b) {
	case "info":
		*s = Info
	case "warning":
		*s = Warning
	case "error":
		*s = Error
	default:
		return fmt.Errorf("unknown severity %q", b)
	}
	return nil
}

// Text is one sentence in both languages of the house. Both are written, neither is generated from the other.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Finding is one thing that a check has to say about one object. A check returns all of its findings as
// values; an error means that the check itself could not run.
type Finding struct {
	// Rule is the stable, kebab-case name of the rule, such as "ring-self-crossing".
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// File and Record say where in the input the object stands; Record counts from 1, 0 means the file as a whole.
	File   string `json:"file,omitempty"`
	Record int    `json:"record,omitempty"`
	// Object names the thing in the words of its users, for example "330727001000 安文街道".
	Object string `json:"object,omitempty"`
	// Position is lon, lat in degrees, CGCS2000, or nil where the finding has no place.
	Position *[2]float64 `json:"position,omitempty"`
	// Message says what is wrong with which value, Advice what to do about it.
	Message Text `json:"message"`
	Advice  Text `json:"advice,omitzero"`
	// Basis is the law, standard or specification behind the rule, with its clause.
	Basis string `json:"basis,omitempty"`
}

// At returns a pointer to a position for use in a Finding; lon, lat in degrees, CGCS2000.
func At(lon, lat float64) *[2]float64 { return &[2]float64{lon, lat} }

// Worst returns the highest severity among the findings and how many have it; Info and 0 for none.
func Worst(fs []Finding) (worst Severity, count int) {
	for _, f := range fs {
		switch {
		case f.Severity > worst:
			worst, count = f.Severity, 1
		case f.Severity == worst:
			count++
		}
	}
	return worst, count
}
