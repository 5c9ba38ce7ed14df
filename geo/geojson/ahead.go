package geojson

import "runtime"

const (
	// batchBytes is how much text is parsed in one go.
	batchBytes = 256 << 10
	// aloneBytes is from where on a feature is parsed where it stands: copies of such would cost more memory than time.
	aloneBytes = 1 << 20
)

// ahead parses features on other processors while the reader looks for the ends of the next ones. They are delivered
// in order, from the goroutine that reads.
type ahead struct {
	d       *reader
	filling *batch
	pending []*batch // being parsed, the oldest first
	spare   []*batch
	ended   bool // by an error of a feature or of the caller: nothing more is delivered
}

type batch struct {
	parser   parser
	text     []byte
	members  []span
	features []Feature
	err      error // of the feature behind the last of features
	done     chan struct{}
}

// span is a feature in the text of its batch, and where it stands in the input.
type span struct {
	from, to int
	off      int64
}

func (b *batch) parse() {
	for _, m := range b.members {
		p := b.parser.on(b.text[m.from:m.to], m.off)
		f, err := p.feature()
		if err != nil {
			b.err = err
			return
		}
		b.features = append(b.features, f)
	}
}

// add takes the text of the next feature, which need not stay. An error is one of an earlier feature, or of the caller.
func (a *ahead) add(text []byte, off int64) error {
	err := a.take(text, off)
	a.ended = err != nil
	return err
}

func (a *ahead) take(text []byte, off int64) error {
	if len(text) >= aloneBytes {
		if err := a.finish(); err != nil {
			return err
		}
		f, err := a.d.parser.on(text, off).feature()
		if err != nil {
			return err
		}
		return a.d.deliver(f)
	}
	b := a.filling
	if b == nil {
		if n := len(a.spare); n > 0 {
			b, a.spare = a.spare[n-1], a.spare[:n-1]
		} else {
			b = &batch{text: make([]byte, 0, len(text)), parser: parser{maxDepth: a.d.lim.MaxDepth}}
		}
		a.filling = b
	}
	from := len(b.text)
	b.text = append(b.text, text...)
	b.members = append(b.members, span{from, len(b.text), off})
	if len(b.text) < batchBytes {
		return nil
	}
	a.filling = nil
	b.done = make(chan struct{})
	a.pending = append(a.pending, b)
	go func() {
		defer close(b.done)
		b.parse()
	}()
	if len(a.pending) > runtime.GOMAXPROCS(0) {
		return a.oldest()
	}
	return nil
}

// oldest delivers what the oldest batch holds.
func (a *ahead) oldest() error {
	b := a.pending[0]
	a.pending = a.pending[1:]
	<-b.done
	return a.deliver(b)
}

func (a *ahead) deliver(b *batch) error {
	a.d.parser.ordinates = max(a.d.parser.ordinates, b.parser.ordinates)
	for _, f := range b.features {
		if err := a.d.deliver(f); err != nil {
			return err
		}
	}
	if b.err != nil {
		return b.err
	}
	clear(b.features)
	b.text, b.members, b.features = b.text[:0], b.members[:0], b.features[:0]
	a.spare = append(a.spare, b)
	return nil
}

// finish delivers all that was added.
func (a *ahead) finish() error {
	for len(a.pending) > 0 {
		if err := a.oldest(); err != nil {
			return err
		}
	}
	if b := a.filling; b != nil {
		a.filling = nil
		b.parse()
		return a.deliver(b)
	}
	return nil
}

// wait lets no goroutine outlive the reading.
func (a *ahead) wait() {
	for _, b := range a.pending {
		<-b.done
	}
}
