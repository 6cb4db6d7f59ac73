package enrichertest

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// uncommon is a record that few plugins expect.
type uncommon struct {
	what   string // after "with"
	record *enrichv1.Record
}

// checkEach sends uncommon records one by one, so that the error names the one that the
// plugin fails with.
func checkEach(records func(p *session) []uncommon) func(context.Context, *suite) error {
	return func(ctx context.Context, s *suite) error {
		p, err := s.ready(ctx)
		if err != nil {
			return err
		}
		for _, r := range records(p) {
			patches, err := s.enrich(ctx, []*enrichv1.Record{r.record})
			if err == nil {
				err = s.checkPatch(patches[0])
			}
			if err != nil {
				return fmt.Errorf("with %s: %w", r.what, err)
			}
		}
		return nil
	}
}

func sparse(p *session) []uncommon {
	name := func() *enrichv1.Pod { return &enrichv1.Pod{Name: "web-0"} }
	records := []uncommon{
		{"nothing but a pod's name", &enrichv1.Record{Pod: name()}},
		{"an empty container", &enrichv1.Record{
			Action: enrichv1.Action_ACTION_UPDATE, State: enrichv1.State_STATE_RUNNING,
			Pod: name(), Container: &enrichv1.Container{},
		}},
		{"an error without a reason", &enrichv1.Record{
			Action: enrichv1.Action_ACTION_UPDATE, State: enrichv1.State_STATE_ERROR, Pod: name(),
		}},
		{"a deletion of a pod without a phase", &enrichv1.Record{Action: enrichv1.Action_ACTION_DELETE, Pod: name()}},
	}
	if p.needs.GetOwners() != nil {
		pending, bare := name(), name()
		pending.OwnersPending = true
		bare.Owners = []*enrichv1.Owner{{ApiVersion: "v1", Kind: "Node", Name: "node-1"}, {}}
		records = append(records,
			uncommon{"owners that are pending", &enrichv1.Record{Pod: pending}},
			uncommon{"owners without metadata", &enrichv1.Record{Pod: bare}})
	}
	for _, r := range records {
		p.restrict(r.record)
	}
	return records
}

func unicodes(p *session) (records []uncommon) {
	// Wherever these two are cut, one of them is cut within a character.
	kib := strings.Repeat("日", 3900/len("日"))
	for _, text := range []struct{ what, text string }{
		{"multi-byte text", "größer, 日本語, 👩‍🚀, e\u0301, \u202eright to left, \uFFFD"},
		{"control characters", "one\ttwo\r\nthree\x00\x1b[31mred\x7f\u0085\u2028"},
		{"3.8 KiB of multi-byte text", kib},
		{"3.8 KiB of multi-byte text", "x" + kib},
		{"empty strings", ""},
	} {
		r := sample(7)
		r.Info = text.text
		if text.text == "" {
			r.Reason, r.Container.Image = "", ""
		}
		for key := range r.GetPod().GetLabels() {
			r.Pod.Labels[key] = "" // a label's value may be empty, but not be any text
		}
		p.dress(r, always(""), always(text.text))
		records = append(records, uncommon{text.what, r})
	}
	return records
}

// large returns records with the longest annotations that a host sends. Messages of
// Kubernetes have no limit.
func large(p *session) []uncommon {
	r := sample(7)
	r.Info, r.Pod.Name = "x"+strings.Repeat("日", 8<<10/len("日")), strings.Repeat("n", 253)
	p.dress(r, always(strings.Repeat("l", 63)), always("x"+strings.Repeat("日", record.MaxAnnotation/len("日"))))
	many := sample(7)
	many.Pod.Labels = map[string]string{}
	for i := range 200 {
		many.Pod.Labels[fmt.Sprintf("example.com/label-%d", i)] = strings.Repeat("l", 63)
	}
	p.dress(many, labelOf(7), annotationOf(7))
	return []uncommon{{"annotations of 4 KiB and a message of 8 KiB", r}, {"200 labels", many}}
}

func odd(p *session) (records []uncommon) {
	for _, text := range []string{
		"", " ", "-1", "null", "{}", "[", `{"traceparent":5}`, `{"traceparent":"00-x"}`,
		"a b\n", "../../etc/passwd", ":", "a:b:c:d/e/f",
		"00-zz-11-01",
		"00-00000000000000000000000000000000-0000000000000000-00",
		"00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
	} {
		r := sample(0)
		p.dress(r, always("0"), always(text))
		records = append(records, uncommon{fmt.Sprintf("annotations that are %q", text), r})
	}
	r := sample(0)
	r.Pod.Labels = map[string]string{}
	p.dress(r, always("0.-_0"), func(string) (string, bool) { return "", false })
	return append(records, uncommon{`labels that are "0.-_0"`, r})
}

// unknown returns records of a later version, with fields and numbers of enums that this
// one does not have.
func unknown(p *session) []uncommon {
	field := protowire.AppendVarint(protowire.AppendTag(nil, 1999, protowire.VarintType), 1)
	fields, enums := sample(7), sample(7)
	enums.Action, enums.State, enums.Container.Type = 99, 99, 99
	for _, r := range []*enrichv1.Record{fields, enums} {
		p.dress(r, labelOf(0), annotationOf(0))
	}
	for _, m := range []proto.Message{fields, fields.GetPod(), fields.GetContainer()} {
		if m := m.ProtoReflect(); m.IsValid() { // with pod_only there is no container
			m.SetUnknown(field)
		}
	}
	return []uncommon{{"unknown fields", fields}, {"unknown values of enums", enums}}
}

func always(text string) value {
	return func(string) (string, bool) { return text, true }
}
