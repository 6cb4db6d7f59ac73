package strict_test

import (
	"fmt"

	"github.com/pod-status-logger/pod-status-logger/core/strict"
)

// Errors in a configuration name the key and the valid alternatives.
func ExampleUnmarshal() {
	var c struct {
		File  string `json:"file"`
		Cache struct {
			Entries uint16 `json:"entries"`
		} `json:"cache"`
	}
	for _, text := range []string{
		`{"file": "teams.csv", "cache": {"entries": 100}}`,
		`{"fil": "teams.csv"}`,
		`{"file": "a.csv", "file": "b.csv"}`,
		`{"cache": {"entries": 100000}}`,
	} {
		fmt.Println(strict.Unmarshal([]byte(text), &c))
	}
	// Output:
	// <nil>
	// unknown key fil (known keys: file, cache)
	// duplicate key file
	// cache.entries: want a whole number from 0 to 65535, got 100000
}
