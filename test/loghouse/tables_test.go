//go:build loghouse

package loghouse

// The configuration of a server with its port and folder.
const serverConfig = `<yandex>
	<logger><level>warning</level><console>1</console></logger>
	<listen_host>127.0.0.1</listen_host>
	<http_port>%[1]d</http_port>
	<path>%[2]s/data/</path>
	<tmp_path>%[2]s/tmp/</tmp_path>
	<mark_cache_size>16777216</mark_cache_size>
	<timezone>UTC</timezone>
	<users_config>users.xml</users_config>
</yandex>
`

const usersConfig = `<yandex>
	<profiles><default/></profiles>
	<quotas><default/></quotas>
	<users><default>
		<password></password>
		<networks><ip>127.0.0.1</ip></networks>
		<profile>default</profile>
		<quota>default</quota>
	</default></users>
</yandex>
`

// The tables of loghouse 0.3: fluentd writes into a buffer before the one that is
// read. Its TTL is left out, which ClickHouse has since version 19.6 only. (Older
// loghouses have the same columns in one table for each day or hour.)
const tableColumns = "(`date` Date MATERIALIZED toDate(timestamp), `timestamp` DateTime, `nsec` UInt32, " +
	"`source` String, `namespace` String, `host` String, `pod_name` String, `container_name` String, `stream` String, " +
	"`labels` Nested (names String, values String), `string_fields` Nested (names String, values String), " +
	"`number_fields` Nested (names String, values Float64), `boolean_fields` Nested (names String, values Float64), " +
	"`null_fields.names` Array(String))"

var tables = []string{
	"CREATE DATABASE logs",
	"CREATE TABLE logs.logs " + tableColumns + " ENGINE = MergeTree() PARTITION BY (date) " +
		"ORDER BY (timestamp, nsec, namespace, container_name) SETTINGS index_granularity=32768",
	"CREATE TABLE logs.logs_buffer " + tableColumns +
		" ENGINE = Buffer(logs, logs, 16, 30, 60, 100, 10000, 1048576, 10485760)",
}
