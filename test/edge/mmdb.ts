/** Writes small databases in MaxMind's format (its specification, version 2.0), for tests. */

type Value = string | number | Value[] | { [name: string]: Value }

interface Row {
  /** As `192.0.2.0/24`; IPv4 alone. */
  prefix: string
  record: Value
}

/** The bytes of a database for IPv4. @param type its `database_type`, by which layouts are told apart */
export function mmdb(type: string, rows: readonly Row[]): Buffer {
  const nodes: [number, number][] = [[-1, -1]]
  const data: Buffer[] = []
  let dataBytes = 0
  // A child is a node, or -1 for none, or -2 - offset for data.
  for (const { prefix, record } of rows) {
    insert(nodes, prefix, -2 - dataBytes)
    const encoded = encode(record)
    data.push(encoded)
    dataBytes += encoded.length
  }
  const tree = Buffer.alloc(nodes.length * 6)
  for (const [at, sides] of nodes.entries()) {
    for (const [side, child] of sides.entries()) {
      const value = child >= 0 ? child : child === -1 ? nodes.length : nodes.length + 16 + (-2 - child)
      tree.writeUIntBE(value, at * 6 + side * 3, 3)
    }
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: type,
    description: {},
    ip_version: 4,
    languages: [],
    node_count: nodes.length,
    record_size: 24,
  })
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'),
    metadata,
  ])
}

function insert(nodes: [number, number][], prefix: string, leaf: number): void {
  const [address = '', bits = '32'] = prefix.split('/')
  const octets = address.split('.').map(Number)
  let at = 0
  for (let bit = 0; bit < Number(bits); bit++) {
    const side = ((octets[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1
    const node = nodes[at] as [number, number]
    if (bit === Number(bits) - 1) node[side] = leaf
    else if (node[side] === -1) node[side] = nodes.push([-1, -1]) - 1
    at = node[side] as number
  }
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(2, bytes.length), bytes])
  }
  if (typeof value === 'number') return number(value)
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)])
  const entries = Object.entries(value)
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([name, of]) => [encode(name), encode(of)]),
  ])
}

function number(value: number): Buffer {
  if (Number.isInteger(value) && value >= 0) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return Buffer.concat([control(3, 8), bytes])
}

function control(type: number, size: number): Buffer {
  const length = Math.min(size, 29)
  const more = size < 29 ? [] : [size - 29]
  return type < 8 ? Buffer.from([(type << 5) | length, ...more]) : Buffer.from([length, type - 7, ...more])
}
