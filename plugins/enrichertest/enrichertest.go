// Package enrichertest holds plugins to the contract: it sends them the records
// that a host would send, the rare ones with the usual ones, and tells which of
// its rules are broken. A plugin in Go has one test with it:
//
//	func TestConformance(t *testing.T) {
//		enrichertest.Test(t, func() enricher.Enricher { return hello{} }, enrichertest.Options{})
//	}
//
// A plugin in any language is held to the same rules, as a process, by
// `pod-status-logger plugin verify PATH`, which is [Verify] with a launcher.
//
// The rules are about what every plugin does. You don't need this package to
// test what yours says: call [enricher.NewServer] for that.
package enrichertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Process is a plugin that runs. Client is called from several goroutines, the
// other methods from one, while calls of the client may be under way.
type Process interface {
	// Client speaks to the plugin. It takes messages of any size.
	Client() enrichv1.EnricherServiceClient
	// Stop asks the plugin to end and waits for it, until ctx ends. The error
	// tells that it was not gone then, or how it ended if not well.
	Stop(ctx context.Context) error
	// Kill ends the plugin at once and waits for that, for a bounded time. It is
	// called also after Stop has failed.
	Kill()
}

// Start starts the plugin anew; none is running that it has started before. ctx
// bounds the start, not the life of the process.
type Start func(ctx context.Context) (Process, error)

// Options says what is expected of a plugin beyond the rules.
type Options struct {
	// Config is the JSON object that the plugin is configured with; empty: "{}".
	Config string
	// BadConfig is a JSON object that the plugin has to refuse, with a message
	// that names one of the keys in which it differs from Config. Empty: Config
	// and one key more, which no plugin has.
	BadConfig string
	// Timeout is the deadline of a batch of 64 records; 0: 200 ms, as in the host.
	Timeout time.Duration
	// StartTimeout is how long the start may take, and Configure; 0: 10 s.
	StartTimeout time.Duration
	// AllowSuppress says that the plugin may suppress records.
	AllowSuppress bool
	// Each is called with each result as it comes. It may be nil.
	Each func(Result)
}

const (
	defaultTimeout      = 200 * time.Millisecond
	defaultStartTimeout = 10 * time.Second
	unknownKey          = "no-such-key"
)

// complete fills in the defaults and tells what is wrong.
func (o *Options) complete() error {
	if o.Config == "" {
		o.Config = "{}"
	}
	config, err := object("Config", o.Config)
	if err != nil {
		return err
	}
	if o.BadConfig == "" {
		config[unknownKey] = json.RawMessage("true")
		text, err := json.Marshal(config)
		o.BadConfig = string(text)
		return errors.Join(err, o.completeTimes())
	}
	if _, err := object("BadConfig", o.BadConfig); err != nil {
		return err
	}
	return o.completeTimes()
}

func (o *Options) completeTimes() error {
	if o.Timeout < 0 || o.StartTimeout < 0 {
		return errors.New("the values of Timeout and StartTimeout must not be negative")
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = defaultStartTimeout
	}
	return nil
}

// object reads a JSON object.
func object(what, text string) (map[string]json.RawMessage, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		return nil, fmt.Errorf("%s %q: want a JSON object: %w", what, text, err)
	}
	if keys == nil {
		return nil, fmt.Errorf("%s %q: want a JSON object", what, text)
	}
	return keys, nil
}

// Verify starts the plugin, several times but never two at once, holds it to all
// rules, and ends it. The error tells that the options are wrong or that ctx has
// ended, and then the report has the results so far.
//
// It takes seconds with a plugin that is quick, and a bounded time with one that
// hangs: after the second time it checks no more.
func Verify(ctx context.Context, start Start, o Options) (Report, error) {
	if err := o.complete(); err != nil {
		return Report{}, fmt.Errorf("options: %w", err)
	}
	s := &suite{start: start, options: o, unmet: map[string]string{}}
	defer s.kill()
	var report Report
	for _, r := range rules(o) {
		result := s.run(ctx, r)
		if ctx.Err() != nil { // the plugin is not to blame
			return report, context.Cause(ctx)
		}
		report.Results = append(report.Results, result)
		if o.Each != nil {
			o.Each(result)
		}
	}
	return report, nil
}
