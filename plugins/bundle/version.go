package bundle

import "strings"

// versionOfChart returns the version in a label <chart>-<version>, in which "_" replaces "+".
// Names of charts have dashes and digits, too, but no dots.
func versionOfChart(value string) string {
	for i := range len(value) {
		if value[i] == '-' && i > 0 && startsVersion(value[i+1:]) {
			return strings.ReplaceAll(value[i+1:], "_", "+")
		}
	}
	return ""
}

// startsVersion reports whether s starts like 1.2 or v1.2.
func startsVersion(s string) bool {
	s = strings.TrimPrefix(s, "v")
	rest := strings.TrimLeft(s, "0123456789")
	return len(rest) < len(s) && len(rest) > 1 && rest[0] == '.' && isDigit(rest[1])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// splitCSV splits the name of a ClusterServiceVersion, by convention <operator>.v<version>. A
// name in another form is an operator without a version.
func splitCSV(value string) (operator, version string) {
	for i := range len(value) {
		if value[i] != '.' || i == 0 {
			continue
		}
		if rest := strings.TrimPrefix(value[i+1:], "v"); rest != "" && isDigit(rest[0]) {
			return value[:i], rest
		}
	}
	return value, ""
}

func versionInCSV(value string) string {
	_, version := splitCSV(value)
	return version
}
