package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
)

// The limits for a plugin that hangs.
const (
	callLimit = 2 * time.Second // a call, at least
	ruleCalls = 10              // the limit of a rule, without starts, in limits of calls
	stopLimit = 3 * time.Second // an orderly end
	maxHangs  = 2               // nothing is checked after the last one
)

// suite is one check of all rules for one plugin. A plugin that ends or hangs during a
// rule is restarted for the next one, so that one fault hides few others.
type suite struct {
	start   Start
	options Options

	session *session          // nil: the plugin is not running
	unmet   map[string]string // rules so far that are not kept, and why
	hangs   int
	dead    bool          // it does not start
	took    time.Duration // for the result of the current rule
}

// rule is one requirement for plugins.
type rule struct {
	name, says string
	// after is the rule that has to be kept for this one to be checked.
	after string
	// check returns nil, a [notCheckedError], or an error if the rule is broken.
	check func(ctx context.Context, s *suite) error
	// apart restarts the plugin before the next rule.
	apart bool
}

// notCheckedError is the reason why a rule was not checked.
type notCheckedError string

func (e notCheckedError) Error() string { return string(e) }

// hangError is the error of a call that was not answered.
type hangError struct {
	what    string
	limit   time.Duration
	allowed string // the plugin's own limit; empty: the same
}

func (e *hangError) Error() string {
	text := fmt.Sprintf("%s: no answer within %s", e.what, duration(e.limit))
	if e.allowed != "" {
		text += "; " + e.allowed
	}
	return text
}

func isNotChecked(err error) bool {
	_, ok := errors.AsType[notCheckedError](err)
	return ok
}

func isHang(err error) bool {
	_, ok := errors.AsType[*hangError](err)
	return ok
}

// run checks a rule.
func (s *suite) run(ctx context.Context, r rule) Result {
	result := Result{Rule: r.name, Says: r.says, Outcome: NotReached, Why: s.skip(r)}
	if result.Why != "" {
		s.unmet[r.name] = result.Why
		return result
	}
	result.Outcome = NotChecked
	s.took = 0
	err := s.settle(ctx, s.checkBounded(ctx, r))
	if r.apart {
		s.stop(ctx)
	}
	switch {
	case err == nil:
		result.Outcome, result.Took = Passed, s.took
		return result
	case !isNotChecked(err):
		result.Outcome = Broken
		s.unmet[r.name] = "the rule " + r.name + " is broken"
	}
	result.Why = oneLine(err.Error())
	return result
}

// skip returns a reason not to check a rule, "" if it is to be checked.
func (s *suite) skip(r rule) string {
	switch {
	case s.dead:
		return "the plugin does not start"
	case s.hangs >= maxHangs:
		return "the plugin has hung too often"
	}
	return s.unmet[r.after]
}

func (s *suite) checkBounded(ctx context.Context, r rule) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.StartTimeout+ruleCalls*s.limit(1))
	defer cancel()
	return r.check(ctx, s)
}

// settle finds out whether the plugin hangs or has ended after a rule, and adds that to
// the error of the rule. It kills such a plugin.
func (s *suite) settle(ctx context.Context, err error) error {
	if isHang(err) {
		s.hangs++
		s.kill()
		return err
	}
	if s.session == nil {
		return err
	}
	_, after := s.describe(ctx)
	switch {
	case isHang(after):
		s.hangs++
		s.kill()
		return also(err, "the plugin has hung since")
	case code(after) == codes.Unavailable:
		how := "the plugin ended"
		if ended := s.session.process.Ended(); ended != "" {
			how += " with " + ended
		}
		s.kill()
		return also(err, how)
	}
	return err // other faults of Describe have rules of their own
}

// also adds the plugin's state to the error of a rule.
func also(err error, what string) error {
	if err == nil || isNotChecked(err) {
		return errors.New(what)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// stop ends the plugin in good order.
func (s *suite) stop(ctx context.Context) {
	if s.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if s.session.process.Stop(ctx) == nil { // the rule shutdown reports a failure
		s.session = nil
		return
	}
	s.kill()
}

// kill ends the plugin.
func (s *suite) kill() {
	if s.session != nil {
		s.session.process.Kill()
		s.session = nil
	}
}
