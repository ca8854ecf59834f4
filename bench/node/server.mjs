// The Node peer: mercurius with graphql-jit, answering from the same columns.
//   node server.mjs PORT FOLDER
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import Fastify from 'fastify'
import { GraphQLScalarType } from 'graphql'
import mercurius from 'mercurius'

const [port, folder] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const versions = ['fastify', 'mercurius', 'graphql', 'graphql-jit'].map(
  (name) => `${name} ${require(`./node_modules/${name}/package.json`).version}`
)
console.log([`Node ${process.versions.node}`, ...versions].join(', '))

const column = (name) => {
  const bytes = readFileSync(join(folder, `${name}.f64`))
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}
const [time, open, high, low, close, volume, amount] = [
  'time', 'open', 'high', 'low', 'close', 'volume', 'amount'
].map(column)

const schema = `
  scalar DateTime
  scalar Long
  scalar Symbol
  scalar Decimal
  enum Period { MIN_1 MIN_5 DAY_1 }
  enum Mode { MOCK DEV PROD }
  enum Side { BUY SELL }
  enum OrderState { ACCEPTED WORKING FILLED REJECTED }
  type Bar {
    time: DateTime! open: Float high: Float low: Float close: Float volume: Long amount: Float
  }
  type BarSeries { symbol: Symbol! period: Period! rows: [Bar!]! }
  type ServerInfo { version: String! mode: Mode! }
  type Order { id: ID! clientOrderId: ID state: OrderState! quantity: Long! limitPrice: Decimal }
  type SubmitOrderSuccess { order: Order! replayed: Boolean! }
  type OrderRejected { code: String! message: String! }
  union SubmitOrderResult = SubmitOrderSuccess | OrderRejected
  input SubmitOrderInput {
    accountId: ID! clientOrderId: ID! symbol: Symbol! side: Side! quantity: Long! limitPrice: Decimal
  }
  type Query {
    bars(symbol: Symbol!, period: Period! = DAY_1, last: Int): BarSeries
    serverInfo: ServerInfo!
  }
  type Mutation { submitOrder(input: SubmitOrderInput!): SubmitOrderResult! }
`

const HOURS_8 = 8 * 3600 * 1000
const showInstant = (ms) => new Date(ms + HOURS_8).toISOString().slice(0, 19) + '+08:00'
const plain = (name) => new GraphQLScalarType({ name, serialize: (value) => value })

const rowsOf = (last) => {
  const start = Math.max(0, time.length - last)
  const rows = new Array(time.length - start)
  for (let i = start; i < time.length; i++) {
    rows[i - start] = {
      time: time[i], open: open[i], high: high[i], low: low[i], close: close[i],
      volume: volume[i], amount: amount[i]
    }
  }
  return rows
}

const orders = new Map()
const submit = (input) => {
  const known = orders.get(input.clientOrderId)
  if (known) return { order: known, replayed: true }
  const order = { id: `order_${orders.size + 1}`, state: 'WORKING', ...input }
  orders.set(input.clientOrderId, order)
  return { order, replayed: false }
}

const resolvers = {
  DateTime: new GraphQLScalarType({ name: 'DateTime', serialize: showInstant }),
  Long: plain('Long'),
  Symbol: plain('Symbol'),
  Decimal: plain('Decimal'),
  Query: {
    bars: (_, { symbol, period, last }) => ({ symbol, period, rows: rowsOf(last ?? 250) }),
    serverInfo: () => ({ version: '1', mode: 'MOCK' })
  },
  Mutation: { submitOrder: (_, { input }) => submit(input) },
  SubmitOrderResult: { resolveType: (value) => (value.order ? 'SubmitOrderSuccess' : 'OrderRejected') }
}

const app = Fastify()
app.get('/health/live', async () => ({ status: 'live' }))
app.register(mercurius, { schema, resolvers, jit: 1, graphiql: false })
await app.listen({ host: '127.0.0.1', port: Number(port) })
