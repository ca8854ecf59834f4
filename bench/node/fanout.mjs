// The Node peer of bench/fanout: graphql-ws on ws, an async iterator per subscriber.
//   node fanout.mjs PORT FOLDER SYMBOLS
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { GraphQLScalarType, buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const [port, , count] = process.argv.slice(2)
const symbols = Array.from({ length: Number(count) }, (_, number) => `${600000 + number}.SH`)
const schema = buildSchema(`
  scalar Long
  scalar Symbol
  type Quote { symbol: Symbol! lastPrice: Float volume: Long! amount: Float! }
  type QuoteEvent { quote: Quote }
  type Query { ready: Boolean! }
  type Subscription { quotes(symbols: [Symbol!]!, minIntervalMs: Int): QuoteEvent! }
`)
for (const name of ['Long', 'Symbol']) {
  Object.assign(schema.getType(name), new GraphQLScalarType({ name, serialize: (value) => value }))
}

const readers = new Map()
let waiting = 0
const event = (symbol, volume) => ({ quotes: { quote: { symbol, lastPrice: 10.01, volume, amount: 12345.5 } } })

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function* newest(wanted, interval) {
  const slots = new Map()
  const put = (item) => slots.set(item.quotes.quote.symbol, item)
  for (const symbol of wanted) {
    if (!readers.has(symbol)) readers.set(symbol, new Set())
    readers.get(symbol).add(put)
    yield event(symbol, 1)
  }
  try {
    for (;;) {
      await rest(interval)
      const taken = [...slots.values()]
      slots.clear()
      yield* taken
    }
  } finally {
    for (const symbol of wanted) readers.get(symbol).delete(put)
  }
}

async function* follow({ symbols: wanted }) {
  const queue = []
  let wake = null
  const put = (item) => {
    queue.push(item)
    waiting++
    wake?.()
  }
  for (const symbol of wanted) {
    if (!readers.has(symbol)) readers.set(symbol, new Set())
    readers.get(symbol).add(put)
    yield event(symbol, 1)
  }
  try {
    for (;;) {
      while (!queue.length) await new Promise((resolve) => (wake = resolve))
      waiting--
      yield queue.shift()
    }
  } finally {
    for (const symbol of wanted) readers.get(symbol).delete(put)
  }
}

schema.getSubscriptionType().getFields().quotes.subscribe = (_, given) =>
  given.minIntervalMs ? newest(given.symbols, given.minIntervalMs) : follow(given)
const server = createServer()
const sockets = new WebSocketServer({ server, path: '/graphql', perMessageDeflate: false })
useServer({ schema }, sockets)
server.listen(Number(port), '127.0.0.1', () => console.log('listening'))

const nowUs = () => Number(process.hrtime.bigint() / 1000n)
let at = 0
const burst = (size) => {
  for (let n = 0; n < size; n++) {
    const symbol = symbols[at++ % symbols.length]
    const said = event(symbol, nowUs())
    for (const put of readers.get(symbol) ?? []) put(said)
  }
}
let run = 0
const turn = () => new Promise((resolve) => setImmediate(resolve))
const saturate = async (mine, size) => {
  while (run === mine) {
    burst(size)
    do await turn()
    while (waiting && run === mine)
  }
}
const pace = async (mine, rate, size) => {
  let said = 0
  const began = performance.now()
  while (run === mine) {
    // Whatever the loop was busy with, the terminal has gone on meanwhile.
    const owed = Math.max(Math.floor(((performance.now() - began) / 1000) * rate) - said, size)
    burst(Math.min(owed, rate / 10))
    said += owed
    await rest(Math.max(began + (said / rate) * 1000 - performance.now(), 0))
  }
}
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, first, second] = line.split(' ')
    const mine = ++run
    if (word === 'saturate') saturate(mine, Number(first))
    if (word === 'pace') pace(mine, Number(first), Number(second))
    console.log('done')
  })
  .on('close', () => process.exit(0))
