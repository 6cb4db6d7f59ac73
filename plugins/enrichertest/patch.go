package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// patchCheck is a rule about a patch by itself.
type patchCheck struct {
	name, says string
	// after is the rule that has to be kept for this one to be checked.
	after string
	// missing is the reason if the rule applies to no patch.
	missing string
	// has reports whether the rule applies to a patch.
	has func(p *enrichv1.Patch) bool
	// check returns an error if a patch breaks the rule.
	check func(s *suite, p *enrichv1.Patch) error
}

func patchChecks() []patchCheck {
	return []patchCheck{
		{
			"attributes", "attributes are at most 64 of 4 KiB, with keys of their own that begin with the plugin's name",
			"answers", "no patch has attributes",
			func(p *enrichv1.Patch) bool { return len(p.GetAttributes()) > 0 }, checkAttributes,
		},
		{
			"trace-context", "a traceparent is one of W3C's version 00, and a tracestate goes with it",
			"answers", "no patch has a trace context",
			func(p *enrichv1.Patch) bool { return p.GetTraceparent() != "" || p.GetTracestate() != "" }, checkTraceContext,
		},
		{
			"errors", "the error of a patch is one line of at most 256 bytes",
			"batch-64", "no patch has an error",
			func(p *enrichv1.Patch) bool { return p.GetError() != "" }, checkError,
		},
		{
			"suppress", "no record is suppressed, unless that is allowed",
			"batch-64", "", func(*enrichv1.Patch) bool { return true }, checkSuppress,
		},
	}
}

// checkCommon checks a rule for the patches of common records.
func checkCommon(c patchCheck) func(context.Context, *suite) error {
	return func(ctx context.Context, s *suite) error {
		p, err := s.ready(ctx)
		if err != nil {
			return err
		}
		patches, err := s.enrich(ctx, p.samples(0, 64))
		if err != nil {
			return err
		}
		for i, patch := range patches {
			if err := c.check(s, patch); err != nil {
				return fmt.Errorf("patch %d of 64: %w", i+1, err)
			}
		}
		if !slices.ContainsFunc(patches, c.has) {
			return missing(c, patches)
		}
		return nil
	}
}

// missing returns the error for a rule that applies to no patch. It quotes an error of
// the plugin, which may be the reason.
func missing(c patchCheck, patches []*enrichv1.Patch) error {
	for _, p := range patches {
		if p.GetError() != "" {
			return notCheckedError(fmt.Sprintf("%s, but %q", c.missing, p.GetError()))
		}
	}
	return notCheckedError(c.missing)
}

// checkPatch checks the patch of an uncommon record for the rules that the patches of
// common ones keep.
func (s *suite) checkPatch(p *enrichv1.Patch) error {
	for _, c := range patchChecks() {
		if s.unmet[c.name] != "" {
			continue
		}
		if err := c.check(s, p); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributes(s *suite, p *enrichv1.Patch) error {
	return record.CheckAttributes(s.session.description.GetName(), p.KeyValues())
}

func checkTraceContext(_ *suite, p *enrichv1.Patch) error {
	parent, state := p.GetTraceparent(), p.GetTracestate()
	switch {
	case parent == "" && state == "":
		return nil
	case parent == "":
		return fmt.Errorf("tracestate %q without a traceparent", state)
	}
	if err := parseTraceparent(parent); err != nil {
		return fmt.Errorf("traceparent %q: %w", parent, err)
	}
	if _, err := trace.ParseTraceState(state); err != nil {
		return fmt.Errorf("tracestate %q: %w", state, err)
	}
	return nil
}

func parseTraceparent(parent string) error {
	parts := strings.Split(parent, "-")
	if len(parts) != 4 || parts[0] != "00" {
		return errors.New("want 00-<32 hex digits>-<16 hex digits>-<2 hex digits>")
	}
	if _, err := trace.TraceIDFromHex(parts[1]); err != nil {
		return err
	}
	if _, err := trace.SpanIDFromHex(parts[2]); err != nil {
		return err
	}
	if len(parts[3]) != 2 || strings.Trim(parts[3], "0123456789abcdef") != "" {
		return errors.New("the flags are not two hex digits")
	}
	return nil
}

const maxError = 256 // bytes; the host cuts off the rest

func checkError(_ *suite, p *enrichv1.Patch) error {
	switch text := p.GetError(); {
	case len(text) > maxError:
		return fmt.Errorf("the error has %d bytes, %d are allowed; it begins with %.80q", len(text), maxError, text)
	case strings.ContainsAny(text, "\r\n"):
		return fmt.Errorf("the error has more than one line: %q", text)
	}
	return nil
}

func checkSuppress(s *suite, p *enrichv1.Patch) error {
	if p.GetSuppress() && !s.options.AllowSuppress {
		return errors.New("it suppresses the record")
	}
	return nil
}
