package compose

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

const store = "http://127.0.0.1:9428"

// stored returns the records that the log store finds.
func stored(t *testing.T, query string) (all []record) {
	t.Helper()
	for lines := json.NewDecoder(strings.NewReader(ask(t, query))); lines.More(); {
		var fields map[string]string
		if err := lines.Decode(&fields); err != nil {
			t.Fatalf("query %s: %v", query, err)
		}
		r, err := recordOf(fields)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// ask returns what the log store answers, by its query API.
func ask(t *testing.T, query string) string {
	t.Helper()
	answer, err := http.PostForm(store+"/select/logsql/query", url.Values{"query": {query}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("query %s: %s, %v: %s", query, answer.Status, err, body)
	}
	return string(body)
}

func recordOf(fields map[string]string) (record, error) {
	seq, err := strconv.Atoi(fields["podstatus.seq"])
	if err != nil {
		return record{}, fmt.Errorf("record %v: seq: %w", fields, err)
	}
	return record{seq, fields["log.record.uid"], fields["_msg"], fields["k8s.pod.name"], fields["bundle.id"]}, nil
}
