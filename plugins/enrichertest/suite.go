package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
)

// What a plugin that hangs may cost.
const (
	callLimit = 2 * time.Second  // a call, where the rule has no deadline of its own
	ruleLimit = 20 * time.Second // a rule with all its calls, without starts
	stopLimit = 3 * time.Second  // an orderly end
	maxHangs  = 2                // after that many nothing more is checked
)

// suite is one run of the rules over one plugin. A plugin that ends or hangs in
// the middle of a rule is started anew for the next one, so that what it does
// wrong there hides no more than it has to.
type suite struct {
	start   Start
	options Options

	session *session          // nil: the plugin is not running
	unmet   map[string]string // rules so far that others can't build on, and why
	hangs   int
	dead    bool          // it does not start
	took    time.Duration // what the rule at hand wants told
}

// rule is one thing that is asked of a plugin.
type rule struct {
	name, says string
	// after names the rule that has to be kept for this one to be checked.
	after string
	// check returns nil, a [notCheckedError], or why the rule is broken.
	check func(ctx context.Context, s *suite) error
	// apart says that the plugin is of no use for other rules afterwards.
	apart bool
}

// notCheckedError is why a rule was not checked.
type notCheckedError string

func (e notCheckedError) Error() string { return string(e) }

// hangError tells that a call was not answered.
type hangError struct {
	what  string
	limit time.Duration
}

func (e *hangError) Error() string {
	return fmt.Sprintf("%s: no answer within %s", e.what, duration(e.limit))
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
	result := Result{Rule: r.name, Says: r.says, Outcome: NotChecked, Why: s.skip(r)}
	if result.Why != "" {
		s.unmet[r.name] = result.Why
		return result
	}
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

// skip tells why a rule is not checked, if it is not.
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
	ctx, cancel := context.WithTimeout(ctx, s.options.StartTimeout+ruleLimit)
	defer cancel()
	return r.check(ctx, s)
}

// settle sees how the plugin is after a rule, and says so in what came out of
// the rule. A plugin that is of no use any more is ended.
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
		return also(err, "the plugin hangs since")
	case code(after) == codes.Unavailable:
		s.kill()
		return also(err, "the plugin ended")
	}
	return err // with what Describe does wrong the rule has nothing to do
}

// also adds to what came out of a rule what became of the plugin.
func also(err error, what string) error {
	if err == nil || isNotChecked(err) {
		return errors.New(what)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// stop ends the plugin in the orderly way.
func (s *suite) stop(ctx context.Context) {
	if s.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if s.session.process.Stop(ctx) == nil { // else it is the rule shutdown that tells
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
