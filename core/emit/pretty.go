package emit

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Pretty writes a record as a line for people at a terminal: time, state, pod,
// and what happened. It shows less than JSON has, and on a terminal as much as fits
// on its line.
type Pretty struct {
	// Color says whether the terminal understands ANSI colours.
	Color bool
	// Width is that of the terminal, to fit into which Kubernetes' own message is
	// cut; 0: it is not.
	Width int
}

var _ Format = Pretty{}

// prettyFields are the attributes that Pretty shows.
type prettyFields struct {
	action, state, namespace, pod, container, typ, reason, info string
	restarts                                                    int64
	initial, recovered                                          bool
	bundle, version, trace, enrichment                          string
}

// What the built-in plugin adds that is worth a place on a line, if there is room,
// and how much of a trace id tells one from another.
const (
	attrBundleName    = "bundle.name"
	attrBundleVersion = "bundle.version"
	traceDigits       = 8
)

// ANSI colours.
const (
	colorReset  = "\x1b[0m"
	colorDim    = "\x1b[2m"
	colorGreen  = "\x1b[32m"
	colorYellow = "\x1b[33m"
	colorRed    = "\x1b[31m"
	colorCyan   = "\x1b[36m"
)

// Append appends the line for r to b.
func (p Pretty) Append(b []byte, r Record) []byte {
	f, l := prettyFieldsOf(r), p.layout()
	b = p.paint(b, colorDim, r.Timestamp().Local().Format(l.clock))
	b = append(b, "  "...)
	b = p.paint(b, f.color(levelOf(r.Severity())), pad(f.what(), 10))
	b = append(b, "  "...)
	detail := printable(f.detail(r.Body().AsString()))
	where := printable(f.where())
	room := p.Width - l.before() - len(" ") - utf8.RuneCountInString(detail)
	notes := p.fitting(&f, room-max(l.where, utf8.RuneCountInString(where)), room-l.where)
	if p.Width > 0 {
		where = shorten(where, max(l.where, room-utf8.RuneCountInString(notes)))
		detail = cut(detail, max(leastDetail, p.Width-l.before()-max(l.where, utf8.RuneCountInString(where))-len(" ")))
	}
	start := len(b)
	b = append(b, strings.TrimRight(pad(where, l.where)+" "+detail, " ")...)
	if f.info != "" {
		b = p.appendInfo(b, ": "+f.info, l.before()+utf8.RuneCount(b[start:])+utf8.RuneCountInString(notes))
	}
	b = p.paint(b, colorDim, notes)
	return append(b, '\n')
}

// layout is how a line is laid out.
type layout struct {
	clock string
	where int // width of the column of the pod
}

// wideEnough is a terminal with room for milliseconds and most names of pods.
const wideEnough = 100

func (p Pretty) layout() layout {
	if p.Width > 0 && p.Width < wideEnough {
		return layout{clock: "15:04:05", where: 22}
	}
	return layout{clock: "15:04:05.000", where: 34}
}

// before is what stands on a line before the pod: time and state.
func (l layout) before() int { return len(l.clock) + len("  terminated  ") }

// fitting returns the notes, with as much of who shipped the pod as there is room
// for. Notes without that are worth a shorter name of the pod.
func (p Pretty) fitting(f *prettyFields, room, most int) string {
	if f.info != "" {
		room -= leastInfo
	}
	shippedBy := f.shippedBy()
	for len(shippedBy) > 0 {
		if notes := printable(f.notes(shippedBy)); p.Width == 0 || utf8.RuneCountInString(notes) <= room {
			return notes
		}
		shippedBy = shippedBy[:len(shippedBy)-1]
	}
	if notes := printable(f.notes(nil)); p.Width == 0 || utf8.RuneCountInString(notes) <= most {
		return notes
	}
	return ""
}

// shorten takes out of the middle of a name what is too long: its end tells pods
// of one workload apart.
func shorten(name string, room int) string {
	const tail = 6 // as -q4m8z
	runes := []rune(name)
	if len(runes) <= room {
		return name
	}
	return string(runes[:room-tail-len(ellipsis)]) + ellipsis + string(runes[len(runes)-tail:])
}

// ellipsis is one that terminals have in every locale.
const ellipsis = "..."

// leastDetail is how much of what happened is shown on any terminal.
const leastDetail = 24

func cut(s string, room int) string {
	runes := []rune(s)
	if len(runes) <= room {
		return s
	}
	return string(runes[:room-len(ellipsis)]) + ellipsis
}

// leastInfo is what is worth showing of a message.
const leastInfo = len(": back-off")

// appendInfo appends as much of a message as fits beside what else is on the line.
func (p Pretty) appendInfo(b []byte, info string, used int) []byte {
	start := len(b)
	b = appendPrintable(b, info)
	room := p.Width - used
	if p.Width == 0 || utf8.RuneCount(b[start:]) <= room {
		return b
	}
	if room < leastInfo {
		return b[:start]
	}
	end := start
	for range room - len(ellipsis) {
		_, size := utf8.DecodeRune(b[end:])
		end += size
	}
	return append(b[:end], ellipsis...)
}

func prettyFieldsOf(r Record) (f prettyFields) {
	for _, kv := range r.Attributes {
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
		case record.AttrReason:
			f.reason = kv.Value.AsString()
		case record.AttrInfo:
			f.info = kv.Value.AsString()
		case record.AttrRestartCount:
			f.restarts = kv.Value.AsInt64()
		case record.AttrInitial:
			f.initial = kv.Value.AsBool()
		case record.AttrRecovered:
			f.recovered = kv.Value.AsBool()
		case record.AttrEnrichment:
			f.enrichment = kv.Value.AsString()
		case attrBundleName:
			f.bundle = kv.Value.AsString()
		case attrBundleVersion:
			f.version = kv.Value.AsString()
		}
	}
	if r.TraceID().IsValid() {
		f.trace = r.TraceID().String()[:traceDigits]
	}
	return f
}

// where is the pod that the record is about; one about dropped records is about none.
func (f *prettyFields) where() string {
	if f.pod == "" {
		return ""
	}
	return f.namespace + "/" + f.pod
}

// what is the state of an update, else the action.
func (f *prettyFields) what() string {
	if f.state != "" {
		return f.state
	}
	return f.action
}

func (f *prettyFields) color(level record.Level) string {
	switch {
	case level == record.LevelError:
		return colorRed
	case level == record.LevelWarning:
		return colorYellow
	case f.state == "":
		return colorCyan
	case f.state == record.Running.String():
		return colorGreen
	}
	return ""
}

// said begins what the column of states has said already.
var said = []string{"is waiting: ", "is waiting", "is in error: ", "is running and ", "is running", "terminated with ", "has terminated: "}

// detail is what the message says of the pod or container. The columns before it
// name pod and state already.
func (f *prettyFields) detail(message string) string {
	_, what, ok := strings.Cut(message, f.namespace+"/"+f.pod+" ")
	if !ok {
		return message
	}
	for _, s := range said {
		if rest, ok := strings.CutPrefix(what, s); ok {
			what = rest
			break
		}
	}
	if f.container != "" {
		what = strings.TrimSpace(f.subject() + " " + what)
	}
	if f.reason != "" && !strings.Contains(what, f.reason) {
		// It is about something else, such as why a pod waits that is being deleted.
		what += " (" + f.reason + ")"
	}
	return what
}

func (f *prettyFields) subject() string {
	if f.typ == record.Regular.String() {
		return f.container
	}
	return f.typ + " " + f.container
}

// notes are what is said in brackets behind all else.
func (f *prettyFields) notes(shippedBy []string) string {
	var notes []string
	switch {
	case f.restarts == 1:
		notes = append(notes, "1 restart")
	case f.restarts > 1:
		notes = append(notes, strconv.FormatInt(f.restarts, 10)+" restarts")
	}
	if f.initial {
		notes = append(notes, "initial")
	}
	if f.recovered {
		notes = append(notes, "recovered")
	}
	if f.enrichment != "" {
		notes = append(notes, f.enrichment)
	}
	notes = append(notes, shippedBy...)
	if len(notes) == 0 {
		return ""
	}
	return "  (" + strings.Join(notes, ", ") + ")"
}

// shippedBy tells the bundle and the trace, where a plugin has told them.
func (f *prettyFields) shippedBy() (notes []string) {
	if f.bundle != "" {
		notes = append(notes, strings.TrimSpace(f.bundle+" "+f.version))
	}
	if f.trace != "" {
		notes = append(notes, "trace "+f.trace)
	}
	return notes
}

func (p Pretty) paint(b []byte, color, s string) []byte {
	if !p.Color || color == "" || s == "" {
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

func printable(s string) string { return string(appendPrintable(nil, s)) }

// appendPrintable keeps what a pod says from steering the terminal: with control
// characters, or with invisible ones that turn the direction of what follows.
func appendPrintable(b []byte, s string) []byte {
	for _, c := range s {
		switch {
		case unicode.IsGraphic(c):
			b = utf8.AppendRune(b, c)
		case c > 0xffff:
			b = fmt.Appendf(b, `\U%08x`, c)
		default:
			b = appendEscape(b, c)
		}
	}
	return b
}
