package record_test

import (
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestNames(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{record.Create.String(), "create"},
		{record.Update.String(), "update"},
		{record.Delete.String(), "delete"},
		{record.Action(0).String(), ""},
		{record.Create.EventName(), "podstatus.create"},
		{record.Update.EventName(), "podstatus.update"},
		{record.Delete.EventName(), "podstatus.delete"},
		{record.Action(0).EventName(), ""},
		{record.Waiting.String(), "waiting"},
		{record.Running.String(), "running"},
		{record.Error.String(), "error"},
		{record.Terminated.String(), "terminated"},
		{record.State(0).String(), ""},
		{record.LevelInfo.String(), "info"},
		{record.LevelWarning.String(), "warning"},
		{record.LevelError.String(), "error"},
		{record.Regular.String(), "container"},
		{record.Init.String(), "init"},
		{record.Sidecar.String(), "sidecar"},
		{record.Ephemeral.String(), "ephemeral"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestLevelsRise(t *testing.T) {
	if record.LevelInfo >= record.LevelWarning || record.LevelWarning >= record.LevelError {
		t.Error("levels do not rise")
	}
}

func TestHasReason(t *testing.T) {
	for name, test := range map[string]struct {
		record record.Record
		want   bool
	}{
		"waiting, empty":    {record.Record{State: record.Waiting}, true},
		"error, empty":      {record.Record{State: record.Error}, true},
		"running":           {record.Record{State: record.Running}, false},
		"terminated":        {record.Record{State: record.Terminated}, false},
		"terminated, why":   {record.Record{State: record.Terminated, Reason: "OOMKilled"}, true},
		"running, info":     {record.Record{State: record.Running, Info: "degraded"}, true},
		"create":            {record.Record{Action: record.Create}, false},
		"delete, gone node": {record.Record{Action: record.Delete, Reason: "NodeLost"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.record.HasReason(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
