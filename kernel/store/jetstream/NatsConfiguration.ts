/**
 * What a supervised nats-server is told: durable before it acknowledges, one account for Keelson with the permissions it needs
 * and no others, one for administration, and TLS wherever keys are given.
 */

/** PEM texts. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

/** All of an authority of the store's own: whoever has a certificate of it may join the servers. */
export interface Keys {
  readonly ca: string
  /** Under all names and addresses by which the server is reached, and for both ends: servers are clients of one another. */
  readonly server: Pair
  /** CN `keelson-store`. */
  readonly client: Pair
  /** CN `keelson-store-admin`. */
  readonly admin: Pair
}

/** Between processes of one machine, where there are no keys. */
export interface Passwords {
  readonly client: string
  readonly admin: string
  readonly route: string
}

export const users = { client: "keelson-store", admin: "keelson-store-admin", route: "keelson-store-route" }
/** Its name is a folder of the store. */
export const account = "KEELSON"

/** Files of a server's directory. */
export const at = (directory: string) => ({
  config: `${directory}/nats-server.conf`,
  log: `${directory}/nats-server.log`,
  pid: `${directory}/nats-server.pid`,
  owner: `${directory}/owner.pid`,
  identity: `${directory}/server.json`,
  ca: `${directory}/ca.crt`,
  cert: `${directory}/server.crt`,
  key: `${directory}/server.key`,
  store: `${directory}/data`
})

export interface Member {
  /** The same on all servers, and of no other cluster. */
  readonly name: string
  /** `host:port`, where the other servers reach this one. */
  readonly listen: string
  /** `host:port` of every server; its own may be among them. */
  readonly routes: ReadonlyArray<string>
}

/** Who has logs of their own on a server of several: each is an account, which the others cannot see into. */
export interface Tenant {
  readonly name: string
  /** The public key of its user. */
  readonly key: string
}

export interface Configuration {
  readonly directory: string
  readonly name: string
  readonly listen: string
  readonly monitor: string
  readonly access: { readonly keys: Keys } | { readonly passwords: Passwords }
  readonly cluster?: Member
  readonly tenants?: ReadonlyArray<Tenant>
  /** Bytes. */
  readonly limits: { readonly memory: number; readonly disk: number }
}

/**
 * JetStream's calls for streams and consumers, but those that drop history as a whole or move replicas. What every server says
 * of itself may be asked: whether it syncs stands nowhere else.
 */
const permissions = {
  publish: {
    allow: [
      "k8s.>",
      "$JS.API.INFO",
      "$JS.API.STREAM.>",
      "$JS.API.CONSUMER.>",
      "$JS.API.DIRECT.>",
      "$JS.FC.>",
      "$JS.ACK.>",
      "$SYS.REQ.SERVER.PING.VARZ"
    ],
    deny: ["$JS.API.STREAM.PURGE.>", "$JS.API.STREAM.PEER.REMOVE.>", "$JS.API.STREAM.RESTORE.>"]
  },
  subscribe: { allow: ["_INBOX.>", "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.>"] }
}

const about = "$SYS.REQ.SERVER.PING.VARZ"

const accountsOf = (access: Configuration["access"]) => {
  const user = (who: "client" | "admin") =>
    "keys" in access ? { user: `CN=${users[who]}` } : { user: users[who], password: access.passwords[who] }
  return {
    [account]: {
      jetstream: "enabled",
      users: [{ ...user("client"), permissions }],
      imports: [{ service: { account: "SYS", subject: about } }]
    },
    SYS: {
      users: [user("admin")],
      exports: [{ service: about, response_type: "stream", accounts: [account] }]
    }
  }
}

/** Of a name, which may not be that of another account. */
export const accountOf = (name: string) => `tenant-${name}`

const tenantsOf = (tenants: ReadonlyArray<Tenant>) =>
  Object.fromEntries(
    tenants.map(({ key, name }) => [accountOf(name), { jetstream: "enabled", users: [{ nkey: key, permissions }] }])
  )

const tlsOf = (directory: string, how: "verify" | "verify_and_map") => ({
  cert_file: at(directory).cert,
  key_file: at(directory).key,
  ca_file: at(directory).ca,
  [how]: true,
  timeout: 5
})

const clusterOf = ({ listen, name, routes }: Member, { access, directory }: Configuration) => {
  const isSecret = "passwords" in access
  const scheme = isSecret ? `nats://${users.route}:${access.passwords.route}@` : "tls://"
  return {
    name,
    listen,
    // Who is reached by whom is configured: what a server believes to be its address need not be one for others.
    no_advertise: true,
    routes: routes.map((route) => scheme + route),
    ...(isSecret
      ? { authorization: { user: users.route, password: access.passwords.route, timeout: 5 } }
      : { tls: tlsOf(directory, "verify") })
  }
}

/** JSON is a configuration of its own. */
export const text = (configuration: Configuration) => {
  const { access, cluster, directory, limits, listen, monitor, name, tenants = [] } = configuration
  const files = at(directory)
  const all = {
    server_name: name,
    listen,
    http: monitor,
    pid_file: files.pid,
    log_file: files.log,
    logfile_size_limit: 10 * 1024 ** 2,
    logfile_max_num: 3,
    max_payload: 4 * 1024 ** 2,
    // A client that is gone without a word keeps its consumers no longer than this.
    ping_interval: "10s",
    ping_max: 2,
    // The shortest that is taken; with the few clients of a store it ends long before.
    lame_duck_duration: "30s",
    lame_duck_grace_period: "1s",
    ...("keys" in access ? { tls: tlsOf(directory, "verify_and_map") } : {}),
    accounts: { ...accountsOf(access), ...tenantsOf(tenants) },
    system_account: "SYS",
    jetstream: {
      store_dir: files.store,
      sync_interval: "always",
      max_file_store: limits.disk,
      max_memory_store: 64 * 1024 ** 2
    },
    ...(cluster === undefined ? {} : { cluster: clusterOf(cluster, configuration) })
  }
  return `${JSON.stringify(all, null, 2)}\n`
}
