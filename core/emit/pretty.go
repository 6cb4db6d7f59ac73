package emit

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Pretty writes a record as a line for people at a terminal: time, state, pod,
// and what happened. It shows less than JSON has.
type Pretty struct {
	// Color says whether the terminal understands ANSI colours.
	Color bool
}

var _ Format = Pretty{}

// prettyFields are the attributes that Pretty shows.
type prettyFields struct {
	action, state, namespace, pod, container, typ, info string
	initial, recovered                                  bool
}

// ANSI colours by level.
const (
	colorReset  = "\x1b[0m"
	colorDim    = "\x1b[2m"
	colorGreen  = "\x1b[32m"
	colorYellow = "\x1b[33m"
	colorRed    = "\x1b[31m"
)

// Append appends the line for r to b.
func (p Pretty) Append(b []byte, r *sdklog.Record) []byte {
	f := prettyFieldsOf(r)
	b = p.paint(b, colorDim, r.Timestamp().Local().Format("15:04:05.000"))
	b = append(b, ' ', ' ')
	b = p.paint(b, p.levelColor(r), pad(f.what(), 10))
	b = append(b, ' ', ' ')
	b = appendPrintable(b, pad(f.namespace+"/"+f.pod, 40))
	b = append(b, ' ')
	b = appendPrintable(b, f.detail(r.Body().AsString()))
	if f.initial {
		b = p.paint(b, colorDim, "  (initial)")
	}
	if f.recovered {
		b = p.paint(b, colorDim, "  (recovered)")
	}
	return append(b, '\n')
}

func prettyFieldsOf(r *sdklog.Record) (f prettyFields) {
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		switch kv.Key {
		case record.AttrAction:
			f.action = kv.Value.AsString()
		case record.AttrState:
			f.state = kv.Value.AsString()
		case record.AttrNamespace:
			f.namespace = kv.Value.AsString()
		case record.AttrPodName:
			f.pod = kv.Value.AsString()
		case record.AttrContainer:
			f.container = kv.Value.AsString()
		case record.AttrContainerType:
			f.typ = kv.Value.AsString()
		case record.AttrInfo:
			f.info = kv.Value.AsString()
		case record.AttrInitial:
			f.initial = kv.Value.AsBool()
		case record.AttrRecovered:
			f.recovered = kv.Value.AsBool()
		}
		return true
	})
	return f
}

// what is the state of an update, else the action.
func (f *prettyFields) what() string {
	if f.state != "" {
		return f.state
	}
	return f.action
}

// detail is what the message says of the pod or container, and Kubernetes' own
// message. The column before it names the pod already.
func (f *prettyFields) detail(message string) string {
	_, said, ok := strings.Cut(message, f.namespace+"/"+f.pod+" ")
	if !ok {
		said = message
	}
	if f.typ != "" && f.typ != record.Regular.String() {
		said = f.typ + " " + f.container + " " + said
	} else if f.container != "" {
		said = f.container + " " + said
	}
	if f.info != "" {
		said += ": " + f.info
	}
	return said
}

func (p Pretty) levelColor(r *sdklog.Record) string {
	switch levelOf(r.Severity()) {
	case record.LevelError:
		return colorRed
	case record.LevelWarning:
		return colorYellow
	}
	return colorGreen
}

func (p Pretty) paint(b []byte, color, s string) []byte {
	if !p.Color {
		return append(b, s...)
	}
	b = append(b, color...)
	b = append(b, s...)
	return append(b, colorReset...)
}

func pad(s string, width int) string {
	if n := width - len(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// appendPrintable keeps what a pod says from steering the terminal.
func appendPrintable(b []byte, s string) []byte {
	for _, c := range s {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			b = appendEscape(b, c)
			continue
		}
		b = append(b, string(c)...)
	}
	return b
}
