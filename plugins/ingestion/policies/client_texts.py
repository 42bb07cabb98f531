"""The texts of client configurations, with places for names in braces. `client_settings` fills them in."""

from __future__ import annotations

FLUENTD_TAIL = """\
<source>
  @type tail
  path {lines}
  pos_file /var/lib/fluentd/{name}.pos
  read_from_head true
  tag {reference}
  <parse>
    @type none
  </parse>
</source>
"""
FLUENTD_BUFFER = """\
  <buffer tag>
    @type file
    path /var/lib/fluentd/{name}.buffer
    flush_interval 1s
    retry_forever true
  </buffer>
</match>
"""
FLUENTD_FORWARD = (
    "# Fluentd: lines of text, to `wendelin forward`; no plugin is needed\n"
    + FLUENTD_TAIL
    + """\
<match {reference}>
  @type forward
  require_ack_response true
  compress gzip
{fluentd_tls}
  <server>
    host {forward_host}
    port {forward_port}
  </server>
{fluentd_key}
"""
    + FLUENTD_BUFFER
)
FLUENTD_HTTP = (
    "# Fluentd: lines of text over HTTP, as JSON with time and tag; nothing has to be switched on\n"
    + FLUENTD_TAIL
    + """\
<match {reference}>
  @type http
  endpoint {ingest_url}&chunk_id=${{chunk_id}}
  read_timeout 300
  # without this line Fluentd throws away what is refused, even where somebody can mend the reason
  retryable_response_codes 400,401,403,404,408,413,429,500,502,503,504,507
  <auth>
    method basic
    username {user}
    password {password}
  </auth>
  <inject>
    time_key time
    time_type unixtime_nanos
    tag_key tag
  </inject>
  <format>
    @type json
  </format>
"""
    + FLUENTD_BUFFER
)
FLUENTD_PLUGIN = (
    """\
# Fluentd with fluent-plugin-bin and fluent-plugin-wendelin: files byte for byte
<source>
  @type bin
  format none
  path {files}
  pos_file /var/lib/fluentd/{name}.pos
  enable_watch_timer false
  read_from_head true
  tag {reference}
</source>
<match {reference}>
  @type wendelin
  streamtool_uri {policy_url}
  user {user}
  password {password}
"""
    + FLUENTD_BUFFER
)
FLUENT_BIT_INPUT = """\
[INPUT]
    Name                tail
    Path                {lines}
    DB                  /var/lib/fluent-bit/{name}.db
    Read_from_Head      true
    Tag                 {reference}
"""
FLUENT_BIT_HTTP = (
    "# Fluent Bit: lines of text over HTTP\n"
    + FLUENT_BIT_INPUT
    + """\
[OUTPUT]
    Name                http
    Match               {reference}
    Host                {host}
    Port                {port}
    URI                 {ingest_path}
    Format              msgpack
    HTTP_User           {user}
    HTTP_Passwd         {password}
    Retry_Limit         no_limits
    tls                 {tls}
"""
)
FLUENT_BIT_FORWARD = (
    "# Fluent Bit: lines of text, to `wendelin forward`\n"
    + FLUENT_BIT_INPUT
    + """\
[OUTPUT]
    Name                forward
    Match               {reference}
    Host                {forward_host}
    Port                {forward_port}
    Require_ack_response true
    Compress            gzip
    Retry_Limit         no_limits
{fluent_bit_tls}
{fluent_bit_key}
"""
)
SEND = """\
WENDELIN_USER={user} WENDELIN_PASSWORD={password} \\
wendelin send '{files}' --policy {policy} --reference '{reference}' --url {url} --follow
"""
CURL = """\
curl -u {user}:{password} -H 'Content-Type: application/octet-stream' \\
    --data-binary @chunk '{ingest_url}'
"""

# What depends on forward.toml: as it says, or, where nobody knows, as comments.
FLUENTD_TLS = """\
  transport tls
  tls_cert_path /etc/fluentd/wendelin-ca.pem  # of the authority that signed the receiver's certificate"""
FLUENTD_KEY = """\
  <security>
    self_hostname this-machine
    shared_key KEY
  </security>"""
FLUENT_BIT_TLS = """\
    tls                 on
    tls.ca_file         /etc/fluent-bit/wendelin-ca.pem"""
FLUENT_BIT_KEY = """\
    Shared_Key          KEY
    Self_Hostname       this-machine"""
