package record_test

import (
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

const podUID = "8f3a6c0e-6f0c-4d62-9c53-0d0a4dcb1c5e"

// TestNewIDIsPinned compares with values that another program computed. They must never
// change, because the derivation is part of the contract.
func TestNewIDIsPinned(t *testing.T) {
	for name, test := range map[string]struct {
		id   record.ID
		want string
	}{
		"pod created": {
			record.NewID("prod-eu", podUID, "123456789", record.Create, "", 0), "93ea81df6c3fc55ab028d54547bb3f0c",
		},
		"container changed": {
			record.NewID("prod-eu", podUID, "123456789", record.Update, "app", 1), "6f11f7510fc658806b6acb3c5e79856a",
		},
		"pod deleted": {
			record.NewID("prod-eu", podUID, "123456789", record.Delete, "", 300), "0ada28ba61d0c71995c34d569fc6f951",
		},
		"long container": {
			record.NewID("", podUID, "1", record.Update, strings.Repeat("x", 300), 128), "44b58b99034f86a8e3ae496a3d889393",
		},
		"nothing": {record.NewID("", "", "", 0, "", 0), "b0f66adc83641586656866813fd9dd0b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.id.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNewIDDependsOnEveryInput(t *testing.T) {
	ids := map[record.ID]string{}
	for name, id := range map[string]record.ID{
		"base":             record.NewID("c", "u", "1", record.Update, "app", 2),
		"cluster":          record.NewID("d", "u", "1", record.Update, "app", 2),
		"pod uid":          record.NewID("c", "v", "1", record.Update, "app", 2),
		"resource version": record.NewID("c", "u", "2", record.Update, "app", 2),
		"action":           record.NewID("c", "u", "1", record.Delete, "app", 2),
		"container":        record.NewID("c", "u", "1", record.Update, "abb", 2),
		"position":         record.NewID("c", "u", "1", record.Update, "app", 3),
	} {
		if other, ok := ids[id]; ok {
			t.Errorf("same id with another %s as with another %s", name, other)
		}
		ids[id] = name
	}
}

// TestNewIDKeepsInputsApart checks that moving bytes between inputs changes the id.
func TestNewIDKeepsInputsApart(t *testing.T) {
	ids := map[record.ID]int{}
	for i, id := range []record.ID{
		record.NewID("ab", "c", "", record.Update, "", 0),
		record.NewID("a", "bc", "", record.Update, "", 0),
		record.NewID("", "abc", "", record.Update, "", 0),
		record.NewID("", "ab", "c", record.Update, "", 0),
		record.NewID("", "a", "bc", record.Update, "", 0),
		record.NewID("", "", "abc", record.Update, "", 0),
		record.NewID("", "", "ab", record.Update, "c", 0),
		record.NewID("", "", "", record.Update, "abc", 0),
		record.NewID("\x02ab", "c", "", record.Update, "", 0),
		record.NewID("a\x00", "", "", record.Update, "", 0),
		record.NewID("a", "\x00", "", record.Update, "", 0),
	} {
		if other, ok := ids[id]; ok {
			t.Errorf("inputs %d and %d have the same id", other, i)
		}
		ids[id] = i
	}
}

func TestIDString(t *testing.T) {
	id := record.ID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 15: 0xff}
	if got, want := id.String(), "0123456789abcdef00000000000000ff"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
