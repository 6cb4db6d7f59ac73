// Package enrichertest checks that plugins keep the contract: it sends them common and
// uncommon records, as a host would, and reports which rules they break. A plugin in
// Go needs one test:
//
//	func TestConformance(t *testing.T) {
//		enrichertest.Test(t, func() enricher.Enricher { return hello{} }, enrichertest.Options{})
//	}
//
// `pod-status-logger plugin verify PATH` checks the same rules for a plugin in any
// language, as a process: it is [Verify] with a launcher.
//
// The rules hold for all plugins. To test the behaviour of your own, call [enricher.NewServer]
// instead.
package enrichertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Process is a plugin that runs. Client is called from several goroutines; the other
// methods are called from one, possibly during calls of the client.
type Process interface {
	// Client calls the plugin. It accepts messages of any size.
	Client() enrichv1.EnricherServiceClient
	// Health calls the plugin's health service as a host does.
	Health(ctx context.Context) error
	// Ended returns how a plugin has ended whose connection is lost, such as "exit status
	// 1", "" if that is not known. It may wait a moment.
	Ended() string
	// Stop asks the plugin to end and waits until it has, or ctx is done. The error
	// reports that it has not, or that it failed.
	Stop(ctx context.Context) error
	// Kill ends the plugin at once and waits until it has, for a bounded time. It may
	// be called after Stop has failed.
	Kill()
}

// Start starts the plugin. All processes that it started before have ended. ctx bounds the
// start, not the life of the process.
type Start func(ctx context.Context) (Process, error)

// Options are the expectations of a plugin beyond the rules.
type Options struct {
	// Config is the JSON object that the plugin is configured with; empty: "{}".
	Config string
	// BadConfig is a JSON object that the plugin has to refuse, with a message that
	// names one of the keys in which it differs from Config. Empty: Config with
	// another key, which no plugin has.
	BadConfig string
	// Timeout is the deadline of a batch of 64 records; 0: 200 ms, the host's default.
	Timeout time.Duration
	// StartTimeout is the deadline of the start, and of Configure; 0: 30 s.
	StartTimeout time.Duration
	// AllowSuppress lets the plugin suppress records.
	AllowSuppress bool
	// Each is called with each result, in order. It may be nil.
	Each func(Result)
}

const (
	defaultTimeout      = 200 * time.Millisecond
	defaultStartTimeout = 30 * time.Second
	unknownKey          = "no-such-key"
)

// complete fills in the defaults, and returns an error for invalid options.
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
		return nil, fmt.Errorf("%s %q: must be a JSON object: %w", what, text, err)
	}
	if keys == nil {
		return nil, fmt.Errorf("%s %q: must be a JSON object", what, text)
	}
	return keys, nil
}

// Verify starts the plugin, several times but never two at once, checks all rules, and
// ends it. The error reports that the options are invalid or that ctx is done; the
// report then has the results so far.
//
// A quick plugin takes seconds. One that hangs takes a bounded time: after the second
// hang nothing more is checked.
func Verify(ctx context.Context, start Start, o Options) (Report, error) {
	if err := o.complete(); err != nil {
		return Report{}, fmt.Errorf("options: %w", err)
	}
	s := &suite{start: start, options: o, unmet: map[string]string{}}
	defer s.kill()
	var report Report
	for _, r := range rules(o) {
		result := s.run(ctx, r)
		if ctx.Err() != nil { // not the plugin's fault
			return report, context.Cause(ctx)
		}
		report.Results = append(report.Results, result)
		if o.Each != nil {
			o.Each(result)
		}
	}
	return report, nil
}
