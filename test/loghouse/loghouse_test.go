//go:build loghouse

package loghouse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRoundTrip checks that ClickHouse contains exactly the fields of every record, with their
// types, and that SQL detects missing records.
func TestRoundTrip(t *testing.T) {
	c, clock := startClickHouse(t), past()
	runs := []run{demo(t), seed(t), nasty(t)}
	var rows []row
	for _, r := range runs {
		rows = append(rows, r.rows(t, clock)...)
	}
	c.store(t, rows)
	for _, r := range runs {
		stored, err := c.rows(fmt.Sprintf("SELECT * FROM logs WHERE pod_name = '%s' AND stream = 'stdout' ORDER BY "+
			"number_fields.values[indexOf(number_fields.names, 'seq')]", r.pod))
		if err != nil {
			t.Fatal(err)
		}
		var want, got []object
		for _, line := range r.lines() {
			want = append(want, decode(t, line))
		}
		for _, s := range stored {
			got = append(got, s.record(t))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: ClickHouse's rows differ from the written records (-want +got):\n%s", r.pod, diff)
		}
	}
	t.Run("types", func(t *testing.T) { testTypes(t, c) })
	t.Run("nasty", func(t *testing.T) { testNasty(t, c, runs[2]) })
	t.Run("own log", func(t *testing.T) { testOwnLog(t, c, runs) })
	t.Run("seq", func(t *testing.T) { testSeq(t, c, runs) })
}

// testTypes checks that a name is in one kind of list only, and that there are no nulls.
func testTypes(t *testing.T, c *clickhouse) {
	for list, want := range map[string]string{
		"number_fields": "event_count exit_code generation replicas_available replicas_desired replicas_ready " +
			"replicas_updated restart_count seq signal",
		"boolean_fields": "bundle.verified initial ready truncated",
		"null_fields":    "",
	} {
		names := strings.Join(strings.Fields(c.do(t,
			"SELECT DISTINCT arrayJoin("+list+".names) AS name FROM logs WHERE stream = 'stdout' ORDER BY name", nil)), " ")
		if names != want {
			t.Errorf("%s has %q, want %q", list, names, want)
		}
	}
	both := c.do(t,
		"SELECT count() FROM logs WHERE stream = 'stdout' AND hasAny(string_fields.names, ['exit_code', 'restart_count', "+
			"'seq', 'signal', 'initial', 'ready', 'truncated'])", nil)
	if both != "0\n" {
		t.Errorf("%s records have a number or a boolean as a string", strings.TrimSpace(both))
	}
}

// testNasty checks that a label replaces no field or column, and that long lines are complete.
func testNasty(t *testing.T, c *clickhouse, r run) {
	longest := slices.MaxFunc(r.lines(), func(a, b string) int { return len(a) - len(b) })
	if len(longest) < splitAt-100 || len(longest) > splitAt {
		t.Errorf("the longest line has %d bytes, want one just below %d", len(longest), splitAt)
	}
	all := len(r.lines())
	for query, want := range map[string]int{
		`pod = "liar" or state = "liar" or * = "label-pod" and pod_name = "label-pod"`: 0,
		`label.pod = "liar" and pod = "p"`:                                             all,
		`label.namespace = "liar" and pod = "p"`:                                       all,
		`label.seq = "7" and seq > 0`:                                                  all,
		`label.bundle.id = "liar"`:                                                     all,
		`pod = "p" or seq > 0 and pod = "none"`:                                        all,
		`empty =~ "^$"`:                                                                all,
		`* = "a.b_c-d"`:                                                                all,
		`host = "label-host"`:                                                          0, // is the column
		`* = "label-host"`:                                                             all,
		`restart_count = 2147483647`:                                                   1,
		`exit_code < 0`:                                                                1,
		`exit_code >= 137 and exit_code <= 255 and pod = "p"`:                          2,
		`truncated is true`:                                                            2,
		`info =~ "日本😀" and pod = "p"`:                                                  1,
		`info =~ "\x1b" and pod = "p"`:                                                 1,
	} {
		found, err := c.found(query)
		if err != nil || len(found) != want {
			t.Errorf("%s finds %d records, want %d: %v", query, len(found), want, err)
		}
	}
}

// testOwnLog checks that the program's own log is stored beside the records, under another
// stream.
func testOwnLog(t *testing.T, c *clickhouse, runs []run) {
	written := 0
	for _, r := range runs {
		written += len(r.lines())
	}
	for query, want := range map[string]int{
		`source = "kubernetes" and namespace = "monitoring" and container_name = "pod-status-logger" and host = "node-1" and stream = "stdout"`: written,
		`stream = "stdout"`:             written,
		`stream = "stdout" and seq > 0`: written,
		`stream = "stderr" and seq > 0`: 0,
		`container_name = "pod-status-logger" and stream = "stderr" and level = "ERROR"`: 1,
		`stream = "stderr" and msg =~ "skipped"`:                                         1,
	} {
		found, err := c.found(query)
		if err != nil || len(found) != want {
			t.Errorf("%s finds %d rows, want %d: %v", query, len(found), want, err)
		}
	}
}

// testSeq checks that the statements of the page detect missing and duplicate records, and
// report none otherwise.
func testSeq(t *testing.T, c *clickhouse, runs []run) {
	missing, again := pageSQL(t, "missing"), pageSQL(t, "again")
	if got := c.do(t, missing, nil); got != "" {
		t.Errorf("missing, in a complete table:\n%s", got)
	}
	if got := c.do(t, again, nil); got != "" {
		t.Errorf("again, in a table without doubles:\n%s", got)
	}
	holed := run{pod: "holed-0", stdout: []byte(strings.Join(slices.Delete(runs[0].lines(), 4, 7), ""))}
	twice := run{pod: "twice-0", stdout: []byte(strings.Join(append(runs[0].lines(), runs[0].lines()[3]), ""))}
	c.store(t, append(holed.rows(t, past()), twice.rows(t, past())...))
	if got, want := c.do(t, missing, nil), "holed-0\t5\t7\n"; got != want {
		t.Errorf("missing prints %q, want %q", got, want)
	}
	if got, want := c.do(t, again, nil), "twice-0\t4\t2\n"; got != want {
		t.Errorf("again prints %q, want %q", got, want)
	}
}

// TestOrder checks that loghouse's own order, by timestamp and nsec, is wrong within a second
// if the runtime omits zeros, and that the order by seq is right.
func TestOrder(t *testing.T) {
	c, r := startClickHouse(t), demo(t)
	c.store(t, r.rows(t, &container{now: time.Now().Truncate(time.Second).Add(-time.Minute), step: 50 * time.Millisecond}))
	order := func(by string) []string {
		return strings.Fields(c.do(t,
			"SELECT number_fields.values[indexOf(number_fields.names, 'seq')] AS seq FROM logs ORDER BY "+by, nil))
	}
	var want []string
	for i := range r.lines() {
		want = append(want, strconv.Itoa(i+1))
	}
	if diff := cmp.Diff(want, order("seq")); diff != "" {
		t.Errorf("by seq (-want +got):\n%s", diff)
	}
	if cmp.Equal(want, order("timestamp, nsec")) {
		t.Error("timestamp and nsec order well, docs/loghouse.md says that they do not")
	}
	if diff := cmp.Diff(want, order("string_fields.values[indexOf(string_fields.names, 'time')], seq")); diff != "" {
		t.Errorf("by the record's own time (-want +got):\n%s", diff)
	}
}

// TestExactNumbers checks that integers are exact up to 2^53, and that the next one becomes
// 2^53.
func TestExactNumbers(t *testing.T) {
	c := startClickHouse(t)
	r := run{
		pod: "p", stdout: []byte("{\"seq\":9007199254740991}\n{\"seq\":9007199254740992}\n{\"seq\":9007199254740993}\n"),
	}
	c.store(t, r.rows(t, past()))
	for number, want := range map[string]int{"9007199254740991": 1, "9007199254740992": 2, "9007199254740993": 0} {
		found, err := c.found("seq = " + number)
		if err != nil || len(found) != want {
			t.Errorf("%s is found %d times, want %d: %v", number, len(found), want, err)
		}
	}
}
