package loghouse

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// columns are the keys that loghouse reads as columns of its table, even if a line has a field
// of that name.
var columns = []string{"source", "namespace", "host", "pod_name", "container_name", "stream"}

// The grammar of loghouse's query language: `EXPRESSION [and|or QUERY]`, with expressions such
// as `KEY OPERATOR VALUE` and `KEY is true`. A key is *, for all fields, or a letter and then
// letters, digits and _ - . only; with ~ before it, it is a label of the container's own pod. A
// value that begins like a number is one; there is no way to quote a key, and no parenthesis.
var (
	keyPart   = regexp.MustCompile(`^(\*|~?[a-zA-Z][a-zA-Z0-9_.-]*)\s*`)
	isPart    = regexp.MustCompile(`^(?i:(is null|is not null|is true|is false))\s*`)
	equalPart = regexp.MustCompile(`^(=~|!=|=)\s*`)
	orderPart = regexp.MustCompile(`^(>=|<=|>|<)\s*`)
	valuePart = regexp.MustCompile(`^(?:([0-9.]+)|([^\s'"]+)|"([^"]*)"|'([^']*)')`)
	andPart   = regexp.MustCompile(`^\s*(?i:(and|or))\s*`)
)

// where stands for loghouse's translation of a query into the condition of a SELECT.
func where(query string) (string, error) {
	p := parser{rest: query}
	var sql strings.Builder
	for {
		expression, ok := p.expression()
		if !ok {
			break
		}
		sql.WriteString("(" + expression + ")")
		and := p.take(andPart)
		if and == nil && p.rest == "" {
			return sql.String(), nil
		}
		if and == nil {
			break
		}
		sql.WriteString(" " + strings.ToUpper(and[1]) + "\n ")
	}
	return "", fmt.Errorf("loghouse can't parse %q from %q on", query, p.rest)
}

// parser is the parser of a query, at its current position.
type parser struct{ rest string }

func (p *parser) take(part *regexp.Regexp) []string {
	m := part.FindStringSubmatch(p.rest)
	if m != nil {
		p.rest = p.rest[len(m[0]):]
	}
	return m
}

func (p *parser) expression() (string, bool) {
	key := p.take(keyPart)
	if key == nil {
		return "", false
	}
	isField := key[1] != "*" && key[1][0] != '~'
	if is := isPart.FindStringSubmatch(p.rest); is != nil && isField {
		p.take(isPart)
		return isCondition(key[1], strings.ToLower(is[1])), true
	}
	operator := p.take(equalPart)
	if operator == nil && key[1][0] != '~' {
		operator = p.take(orderPart)
	}
	if operator == nil {
		return "", false
	}
	value := p.take(valuePart)
	if value == nil {
		return "", false
	}
	return comparison(key[1], operator[1], value), true
}

func isCondition(key, is string) string {
	switch is {
	case "is null":
		return fmt.Sprintf("has(null_fields.names, '%s')", key)
	case "is not null":
		return fmt.Sprintf("NOT has(null_fields.names, '%s')", key)
	case "is true":
		return named("boolean_fields", key, compare("=", "1"))
	}
	return named("boolean_fields", key, compare("=", "0"))
}

// condition is a condition on the SQL expression that it is given.
type condition func(x string) string

func compare(operator, literal string) condition {
	return func(x string) string { return x + " " + operator + " " + literal }
}

func call(function, literal string) condition {
	return func(x string) string { return function + "(" + x + ", " + literal + ")" }
}

// comparison is the condition of one expression. Nothing in a value is escaped, and
// slashes are taken out of regular expressions.
func comparison(key, operator string, value []string) string {
	number, text := value[1], value[2]+value[3]+value[4]
	if number == "" && text == "" {
		text = "[]" // what loghouse's parser makes of an empty pair of quotes
	}
	literal := "'" + number + text + "'"
	switch {
	case strings.ContainsAny(operator, "<>"):
		return numeric(key, compare(operator, number+text))
	case operator == "=~":
		return textual(key, call("match", strings.ReplaceAll(literal, "/", "")))
	case number == "" && strings.ContainsAny(text, "%_"):
		return textual(key, call(map[string]string{"=": "like", "!=": "notLike"}[operator], literal))
	case number == "" || slices.Contains(columns, key) || strings.HasPrefix(key, "~"):
		return textual(key, compare(operator, literal))
	case key == "*":
		return textual(key, compare(operator, literal)) + " OR " + numeric(key, compare(operator, number))
	}
	return fmt.Sprintf("CASE WHEN has(string_fields.names, '%[1]s') THEN %[2]s WHEN has(number_fields.names, '%[1]s') "+
		"THEN %[3]s ELSE 0 END", key,
		compare(operator, literal)(valueOf("string_fields", key)), compare(operator, number)(valueOf("number_fields", key)))
}

func numeric(key string, is condition) string {
	if key == "*" {
		return "arrayExists(x -> " + is("x") + ", number_fields.values)"
	}
	return named("number_fields", key, is)
}

// textual is a condition on a string: of the column, of the container's label, or of
// the field.
func textual(key string, is condition) string {
	label, isLabel := strings.CutPrefix(key, "~")
	switch {
	case key == "*":
		return "arrayExists(x -> " + is("x") + ", string_fields.values)"
	case slices.Contains(columns, key):
		return is(key)
	case isLabel:
		return named("labels", label, is)
	}
	return named("string_fields", key, is)
}

func named(list, key string, is condition) string {
	return "has(" + list + ".names, '" + key + "') AND " + is(valueOf(list, key))
}

func valueOf(list, key string) string {
	return fmt.Sprintf("%[1]s.values[indexOf(%[1]s.names, '%[2]s')]", list, key)
}

// selectRows returns the statement with which loghouse's page selects rows of a time range.
func selectRows(where string, from, to time.Time, limit int) string {
	const layout = "2006-01-02 15:04:05"
	return fmt.Sprintf("SELECT * FROM logs WHERE ((%s) AND (timestamp >= toDateTime('%s')) AND (timestamp <= "+
		"toDateTime('%s'))) ORDER BY timestamp DESC, nsec DESC LIMIT %d",
		where, from.UTC().Format(layout), to.UTC().Format(layout), limit)
}
