package emit

import (
	"strconv"
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
	action, state, namespace, pod, container, typ, reason, info string
	exitCode                                                    int64
	terminated, initial, recovered                              bool
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
	b = appendPrintable(b, f.detail())
	b = trimRight(b)
	if f.initial {
		b = p.paint(b, colorDim, "  (initial)")
	}
	if f.recovered {
		b = p.paint(b, colorDim, "  (recovered)")
	}
	return append(b, '\n')
}

func prettyFieldsOf(r *sdklog.Record) (f prettyFields) {
	texts := map[attribute.Key]*string{
		record.AttrAction: &f.action, record.AttrState: &f.state, record.AttrNamespace: &f.namespace,
		record.AttrPodName: &f.pod, record.AttrContainer: &f.container, record.AttrContainerType: &f.typ,
		record.AttrReason: &f.reason, record.AttrInfo: &f.info,
	}
	flags := map[attribute.Key]*bool{record.AttrInitial: &f.initial, record.AttrRecovered: &f.recovered}
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		if s, ok := texts[kv.Key]; ok {
			*s = kv.Value.AsString()
		}
		if b, ok := flags[kv.Key]; ok {
			*b = kv.Value.AsBool()
		}
		if kv.Key == record.AttrExitCode {
			f.exitCode, f.terminated = kv.Value.AsInt64(), true
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

func (f *prettyFields) detail() string {
	var parts []string
	if f.container != "" {
		name := f.container
		if f.typ != record.Regular.String() {
			name += " (" + f.typ + ")"
		}
		parts = append(parts, name)
	}
	if f.terminated {
		parts = append(parts, "exit "+strconv.FormatInt(f.exitCode, 10))
	}
	for _, s := range []string{f.reason, f.info} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "  ")
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

func trimRight(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
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
