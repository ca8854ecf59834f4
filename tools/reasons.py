"""What every reason means and what a caller does about it: the words of docs/errors.md."""

from collections.abc import Mapping

from quantgraph.domain.reasons import Reason

# Reason → (what it means, what to do). One line each; the message of an error says more.
WORDS: Mapping[Reason, tuple[str, str]] = {
    Reason.BAD_REQUEST: (
        "The request or one of its values has the wrong form.",
        "Correct what the message (gRPC: the field of BadRequest) names.",
    ),
    Reason.GRAPHQL_PARSE_FAILED: (
        "The document is not GraphQL.",
        "Correct the syntax at `locations`.",
    ),
    Reason.GRAPHQL_VALIDATION_FAILED: (
        "The document does not fit the schema.",
        "Correct it at `locations`; generate the client anew after an upgrade.",
    ),
    Reason.UNSUPPORTED_PERIOD: (
        "This source has no bars of that period.",
        "Ask for another period.",
    ),
    Reason.START_AFTER_END: ("The span is the wrong way round.", "Swap start and end."),
    Reason.ROW_LIMIT: (
        "The answer would have more rows than `limits.bar_rows`, or than one gRPC message holds.",
        "Ask for a shorter span, or use DownloadBars.",
    ),
    Reason.INVALID_CURSOR: (
        "The cursor was not given by this list with these filters, or its item is gone.",
        "Begin again with the first page.",
    ),
    Reason.RESUME_TOKEN_INVALID: (
        "The resume token was not made by this gateway, or was changed.",
        "Download from the beginning.",
    ),
    Reason.RESUME_REQUEST_CHANGED: (
        "The resume token belongs to a download of something else.",
        "Repeat the first request exactly, or download from the beginning.",
    ),
    Reason.COST_LIMIT: (
        "The operation would cost more points than `limits.query_cost`.",
        "Ask for fewer items or fields, or in several operations; `extensions.cost` counts.",
    ),
    Reason.QUERY_TOO_LARGE: (
        "The document has too many tokens, levels, aliases or repetitions.",
        "Split it, or raise the limit that the message names.",
    ),
    Reason.ONE_ORDER_FIELD: (
        "The operation has several root fields that change orders, or aliases of one.",
        "Give each an operation of its own, or use `submitOrders` and `cancelAllOrders`.",
    ),
    Reason.BATCH_LIMIT: (
        "The batch has no order, or more than `limits.batch_orders`.",
        "Split it; every order keeps its own client order id.",
    ),
    Reason.UNKNOWN_SYMBOL: (
        "No instrument has this symbol here.",
        "Look it up with `instruments`, or import its data.",
    ),
    Reason.NO_ETF_LIST: (
        "The symbol has no list of creation and redemption: it is no exchange-traded fund here.",
        "Ask for a fund.",
    ),
    Reason.UNKNOWN_PRODUCT: (
        "No futures product has this code here.",
        "Ask for a product such as IF.",
    ),
    Reason.UNKNOWN_TABLE: (
        "The terminal knows no table of this name.",
        "Look it up with `terminalTables`; where that is empty, its list is not downloaded.",
    ),
    Reason.UNKNOWN_SCENARIO: (
        "There is no scenario of this name.",
        "Look it up with `scenarios`.",
    ),
    Reason.UNKNOWN_SECTOR: ("No sector has this name.", "Look it up with `sectors`."),
    Reason.UNKNOWN_ACCOUNT: (
        "There is no such account, or this key may not see it.",
        "Look it up with `accounts`.",
    ),
    Reason.ORDER_NOT_FOUND: (
        "The account has no such order.",
        "Look it up with `orders`; give exactly one of its ids.",
    ),
    Reason.UNAUTHENTICATED: (
        "No API key was given, or it is not known or has expired.",
        "Send `Authorization: Bearer KEY` (or `X-API-Key`); make keys with `quantgraph keys`.",
    ),
    Reason.FORBIDDEN: (
        "The key's scope does not reach this operation.",
        "Use a key with the scope that the message names.",
    ),
    Reason.UNTRUSTED_DOCUMENT: (
        "The document is not in the manifest, and `http.documents` is `enforce`.",
        "Add it with `quantgraph documents extract`, or send another.",
    ),
    Reason.UNKNOWN_DOCUMENT: (
        "No document of this `documentId` is in the manifest.",
        "Send the document, or make the manifest anew from the client's sources.",
    ),
    Reason.SESSION_CLOSED: ("The exchange takes no orders now.", "Submit in the session."),
    Reason.PRICE_REQUIRED: ("A limit order needs a price.", "Give `limitPrice`."),
    Reason.PRICE_NOT_ALLOWED: (
        "A market order takes no price.",
        "Leave `limitPrice` out, or submit a LIMIT order.",
    ),
    Reason.PRICE_TYPE_UNSUPPORTED: (
        "The exchange or the terminal has no such price type, or not at this time of the day.",
        "Submit a LIMIT order.",
    ),
    Reason.TICK_SIZE: (
        "The price is no multiple of the instrument's tick.",
        "Round to the tick (`Instrument.priceTick`).",
    ),
    Reason.LOT_SIZE: (
        "The quantity is no whole number of lots.",
        "Round to the lot that the message names; odd shares are only sold at once.",
    ),
    Reason.QUANTITY_INVALID: ("The quantity is not positive.", "Give a positive quantity."),
    Reason.QUANTITY_LIMIT: (
        "The quantity is above what one order may have.",
        "Split the order.",
    ),
    Reason.PRICE_BAND: (
        "The price is outside the day's limits.",
        "Stay within the band that the message names.",
    ),
    Reason.PRICE_CAGE: (
        "In continuous trading the price is too far from the best price (价格笼子).",
        "Stay within the bounds that the message names.",
    ),
    Reason.CLOSE_NOT_REACHED: (
        "After hours all trade at the close, and the limit is worse than that.",
        "Buy at the close or above, sell at it or below; the message names it.",
    ),
    Reason.PURCHASE_LIMIT: (
        "The account would buy more of a risk-warning share in one day than is allowed.",
        "Buy the rest on another day.",
    ),
    Reason.SUSPENDED: ("The instrument does not trade today.", "Wait until it trades again."),
    Reason.INSUFFICIENT_CASH: (
        "The available cash does not cover the order and its fees.",
        "Order less, or cancel what reserves cash.",
    ),
    Reason.INSUFFICIENT_SHARES: (
        "Fewer shares are sellable (T+1, reserved by other orders, also of unknown fate).",
        "Sell at most `Position.sellable`.",
    ),
    Reason.ORDER_LIMIT: (
        "The account has as many open orders as it may, or too many symbols are being traded.",
        "Cancel orders, or raise `mock.open_orders` and `mock.live_symbols`.",
    ),
    Reason.SYMBOL_BLOCKED: (
        "The account's limits do not let it trade this symbol.",
        "Change `symbols_allowed` or `symbols_blocked` of its `trading.limits`.",
    ),
    Reason.ORDER_QUANTITY_LIMIT: (
        "The order has more shares than one order of the account may have.",
        "Split the order, or raise `order_quantity` of its `trading.limits`.",
    ),
    Reason.ORDER_VALUE_LIMIT: (
        "The order may cost too much at worst; a market order at the top of the day's band.",
        "Split the order, or raise `order_value` of its `trading.limits`.",
    ),
    Reason.POSITION_QUANTITY_LIMIT: (
        "With this order and all open buys the account would hold too many shares of the symbol.",
        "Buy less, cancel open buys, or raise `position_quantity` of its `trading.limits`.",
    ),
    Reason.POSITION_VALUE_LIMIT: (
        "With this order and all open buys the account would hold too much of the symbol.",
        "Buy less, cancel open buys, or raise `position_value` of its `trading.limits`.",
    ),
    Reason.DAILY_VALUE_LIMIT: (
        "Today's executions, all open orders and this one together are above the account's limit.",
        "Cancel open orders, go on tomorrow, or raise `daily_value` of its `trading.limits`.",
    ),
    Reason.PRICE_DISTANCE_LIMIT: (
        "The limit price is too far away from the last price.",
        "Correct the price, or raise `price_distance` of the account's `trading.limits`.",
    ),
    Reason.ORDER_EXPIRED: ("`expiresAt` has passed.", "Submit with a later one, or without."),
    Reason.RULE_UNKNOWN: (
        "No dated market rule covers this instrument and day.",
        "Trade what the rules cover; they are never guessed.",
    ),
    Reason.RULE_UNVERIFIED: (
        "The rule that judges the order was never checked against the official text.",
        "Check the rule that the message names, then list it in `rules.accept_unverified`.",
    ),
    Reason.NOT_TRADABLE: (
        "Indices and other instruments of this kind cannot be ordered.",
        "Pick an instrument that trades.",
    ),
    Reason.TERMINAL_REFUSED: (
        "The terminal or the exchange refused the order.",
        "Read its own words in the message.",
    ),
    Reason.NOT_SENT: (
        "The terminal went away before the order was sent; it will never be.",
        "Submit it under a new client order id when the terminal is back.",
    ),
    Reason.OUTCOME_UNTOLD: (
        "`rejectCode` of an UNKNOWN order: its day is over, and the terminal lists it no more.",
        "It cannot trade any longer; what it traded stands in the account's statement.",
    ),
    Reason.WRITTEN_OFF: (
        "`rejectCode` of an EXPIRED order whose fate was never told: an operator ended it.",
        "See `writtenOffBy` and the statement. Should it come back, the account is halted.",
    ),
    Reason.WRITE_OFF_NOT_POSSIBLE: (
        "The order is not UNKNOWN, may still be listed, or is listed by the terminal.",
        "Look at it again: the terminal's word counts, and it is asked once more.",
    ),
    Reason.NOT_AT_TERMINAL: (
        "Nobody answered, and `trading.settle_seconds` later the terminal does not have the order.",
        "Submit it under a new client order id. Should it come back, the account is halted.",
    ),
    Reason.APPROVAL_REFUSED: (
        "Somebody refused to approve the order; it was not sent.",
        "Ask whoever refused it; a new order needs a new key.",
    ),
    Reason.APPROVAL_NOT_POSSIBLE: (
        "The order does not wait for approval, or not any more.",
        "Look at its state.",
    ),
    Reason.APPROVER_IS_SUBMITTER: (
        "An order is approved by another key than the one that submitted it.",
        "Let somebody else approve it.",
    ),
    Reason.ORDER_NOT_CANCELABLE: (
        "The order is final, or nobody knows yet whether it is live.",
        "Query the order; nothing is left to do where it is final; an UNKNOWN one later again.",
    ),
    Reason.CANCEL_CLOSED: (
        "The exchange takes no cancels now, as from 09:20 to 09:25 and from 14:57 to 15:00.",
        "Cancel again when trading goes on.",
    ),
    Reason.SECTOR_NAME_TAKEN: (
        "Another sector has this name.",
        "Choose another name; a repeat with the same members changes nothing.",
    ),
    Reason.SECTOR_READ_ONLY: (
        "The sector is imported or built in, and only custom ones can be changed.",
        "Make a custom sector with its members.",
    ),
    Reason.SECTOR_LIMIT: (
        "There are as many custom sectors, or members in one, as config.toml allows.",
        "Delete some, or raise the limit that the message names.",
    ),
    Reason.UNKNOWN_DOWNLOAD: (
        "No download that is remembered has this id.",
        "`downloadJobs` lists them; config.toml says how many are kept.",
    ),
    Reason.DOWNLOAD_LIMIT: (
        "As many downloads wait or run as config.toml allows.",
        "Wait for one to end, or cancel one.",
    ),
    Reason.DOWNLOAD_REFUSED: (
        "The terminal said that it cannot download this, and named why.",
        "Read its words in the job's message or failures; download it again, or ask for less.",
    ),
    Reason.UNKNOWN_SNAPSHOT: (
        "No snapshot has this name.",
        "`simulation { snapshots { name } }` lists them.",
    ),
    Reason.ACCOUNT_TAKEN: ("There is an account with this id already.", "Choose another id."),
    Reason.SNAPSHOT_TAKEN: (
        "There is a snapshot with this name already.",
        "Choose another name, or delete it first.",
    ),
    Reason.ACCOUNT_LIMIT: (
        "The simulated world has as many accounts as config.toml allows.",
        "Use one of them, or raise mock.account_limit.",
    ),
    Reason.ACTION_LIMIT: (
        "As many ex-days have been announced as one simulated world has.",
        "Restore a snapshot from before, or start over.",
    ),
    Reason.PRICES_RECORDED: (
        "The symbol's prices or ex-right events are imported, or its ex-day is lived again.",
        "Announce events of generated symbols.",
    ),
    Reason.SNAPSHOT_LIMIT: (
        "There are as many snapshots, or this one is as large, as config.toml allows.",
        "Delete some, or raise the limit that the message names.",
    ),
    Reason.SNAPSHOT_UNUSABLE: (
        "The snapshot is of another world (seed, calendar or version), or is damaged.",
        "Start with the settings that it was saved under, or delete it.",
    ),
    Reason.CLOCK_BACKWARD: (
        "The instant is before the simulated clock's time.",
        "Jump forward, or restore a snapshot of an earlier time.",
    ),
    Reason.IDEMPOTENCY_CONFLICT: (
        "The client order id was used before for another order.",
        "Use a new id for a new order; repeat the same body for the same order.",
    ),
    Reason.TRADING_DISABLED: (
        "Trading is halted, disarmed or reconciling.",
        "Watch `serverInfo.tradingState`; cancels stay open.",
    ),
    Reason.TRADING_HALTED: (
        "Trading was halted, cancels stay open; what was journalled was not sent: use a new key.",
        "`tradingStatus` says who halted it and why; `resumeTrading` (scope admin) lifts it.",
    ),
    Reason.TRADING_REDUCING: (
        "Trading may only reduce: sells of what is held, and cancels.",
        "Sell or cancel, or wait until somebody resumes trading.",
    ),
    Reason.TRADING_DISARMED: (
        "Real trading is disarmed: at the start, after a while, and at the end of the trading day.",
        "`armTrading` with the secret that `quantgraph keys arming-secret` made (scope admin).",
    ),
    Reason.ARMING_SECRET_WRONG: (
        "This is not the arming secret, or none was made.",
        "`quantgraph keys arming-secret` makes one, and shows it once.",
    ),
    Reason.TRADING_UNREPORTED: (
        "Nobody has stated that programmatic trading was reported to the broker.",
        "Report it, then set `trading.programmatic_trading_reported = true`.",
    ),
    Reason.MODE_MISMATCH: (
        "The gateway at the terminal lives in another mode than this one: no order goes there.",
        "Start both in one mode; `serverInfo.mode` and /health/ready say which it found.",
    ),
    Reason.ACCOUNT_DISCONNECTED: (
        "The account was disconnected; it takes no new orders, reads and cancels stay open.",
        "`connectAccount`, then submit again.",
    ),
    Reason.UNKNOWN_FAULT: (
        "No incident has this name.",
        "docs/simulation.md lists them.",
    ),
    Reason.TERMINAL_DISCONNECTED: (
        "The trading terminal is away; nothing was sent.",
        "Wait until `serverInfo.tradingState` is ACTIVE; the key was not used.",
    ),
    Reason.RECONCILING: (
        "The terminal was away, or the gateway has just started: open orders are compared.",
        "Repeat it in a few seconds; the key was not used.",
    ),
    Reason.RATE_LIMITED: (
        "The account has submitted and canceled as often within a second as it may.",
        "Repeat it at the instant that `retryAt` (gRPC: RetryInfo) tells.",
    ),
    Reason.DAILY_COUNT_LIMIT: (
        "The account has acted as often today as it may; first cancels are taken all the same.",
        "Go on on the next day, or raise `actions_per_day` of its `trading.limits`.",
    ),
    Reason.SLOW_CONSUMER: (
        "The reader of a BUFFER stream fell behind and its buffer is full.",
        "Subscribe again; read faster, or use LATEST.",
    ),
    Reason.CONNECTION_LIMIT: (
        "A key holds too many connections open: WebSockets, event streams, streaming rpcs.",
        "Close some, or have several operations share one.",
    ),
    Reason.SUBSCRIPTION_LIMIT: (
        "Too many live operations or watched symbols.",
        "End some, then subscribe again.",
    ),
    Reason.OVERLOADED: ("The gateway's backlog is full.", "Wait a second, then repeat."),
    Reason.CALENDAR_NOT_COVERED: (
        "The trading calendar does not reach that day.",
        "Ask within the calendar, or extend it in config.toml.",
    ),
    Reason.DATE_NOT_HELD: (
        "Members, weights or options of that day are not held; later ones tell no earlier days.",
        "Ask for a day from `Sector.dates` on, import an older list, or download OPTION_HISTORY.",
    ),
    Reason.NOT_DOWNLOADED: (
        "The terminal has nothing of this yet: it was never downloaded to it.",
        "Start a download of the kind that the message names, and ask again when it is done.",
    ),
    Reason.PRICE_UNKNOWN: (
        "An instrument has neither a last price nor a previous close, so that it has no value.",
        "Leave it out, or import its bars.",
    ),
    Reason.FILLS_MISMATCH: (
        "The day's fills do not lead to the position; a fill is on its way.",
        "Ask again in a moment.",
    ),
    Reason.ACCOUNT_AMBIGUOUS: (
        "Several terminals have an account of this id; nothing is asked or done for it.",
        "Log it in at one of them alone, or name one of them in the configuration.",
    ),
    Reason.NOT_QUOTED: (
        "The instrument is known, but this source has no prices of it.",
        "Ask for its underlying, or another source.",
    ),
    Reason.ADJUSTMENT_UNAVAILABLE: (
        "The ex-right events that the adjustment needs are not held.",
        "Import dividends, or ask with adjustment NONE.",
    ),
    Reason.EXCHANGE_LOST: (
        "The process of the simulated exchange has ended; its orders and money are lost.",
        "Restore a snapshot, or restart the gateway.",
    ),
    Reason.TERMINAL_LACKS: (
        "The terminal's version, edition or permissions do not include this.",
        "See `serverInfo.backends`; ask the broker, or use another terminal.",
    ),
    Reason.SOURCE_UNAVAILABLE: (
        "The terminal or another source is away.",
        "Repeat later; nothing simulated takes its place.",
    ),
    Reason.TERMINAL_OFFLINE: (
        "The gateway at the terminal cannot be asked: it is away, or refuses this one's key.",
        "Repeat later; `serverInfo.terminals` says how the link stands, and since when.",
    ),
    Reason.OUTCOME_UNKNOWN: (
        "The gateway at the terminal was cut off amid an act, or was too slow: it may be done.",
        "Repeat an order with its client order id, it is never sent twice; else look first.",
    ),
    Reason.SHUTTING_DOWN: ("The gateway is stopping.", "Connect again in a moment."),
    Reason.TIMED_OUT: (
        "The operation was abandoned at its time limit.",
        "Repeat; ask for less if it happens again.",
    ),
    Reason.DOWNLOAD_CANCELED: (
        "Somebody has canceled the download at the gateway beside the terminal.",
        "Start it again; what it brought stays there.",
    ),
    Reason.DOWNLOAD_INCOMPLETE: (
        "Python client: a download ended before its summary.",
        "Resume it with its last token.",
    ),
    Reason.DOWNLOAD_CORRUPT: (
        "Python client: a downloaded frame does not match its hash.",
        "Resume behind the last good frame.",
    ),
    Reason.STORE_UNAVAILABLE: (
        "The store cannot be read, or a part of it is damaged.",
        "Run `quantgraph store verify`; import the damaged files again.",
    ),
    Reason.SOURCE_CHANGED: (
        "An import changed the series while it was downloaded.",
        "Download again from the beginning.",
    ),
    Reason.EPOCH_CHANGED: (
        "The event log began anew, so that the cursor means nothing.",
        "Query the present state, then subscribe without a cursor.",
    ),
    Reason.RESUME_TOKEN_EXPIRED: (
        "The resume token is too old.",
        "Download again from the beginning.",
    ),
    Reason.CONFIG_INVALID: (
        "config.toml, the environment or an option has a wrong value.",
        "Correct the key that the message names.",
    ),
    Reason.KEYS_REQUIRED: (
        "API keys are required and none exists.",
        "`quantgraph keys create`.",
    ),
    Reason.TLS_REQUIRED: (
        "It would listen beyond loopback without TLS.",
        "Name a certificate in `[tls]`, or listen on 127.0.0.1.",
    ),
    Reason.TLS_UNUSABLE: (
        "The certificate, its key or the authorities cannot be read or do not fit together.",
        "Correct the paths in `[tls]`; PEM files without a password are read.",
    ),
    Reason.SDK_UNUSABLE: (
        "The terminal's package xtquant is absent, or not made for this machine.",
        "Install quantgraph[xtquant] on the Windows machine of the terminal.",
    ),
    Reason.MODE_UNAVAILABLE: ("The mode needs a back-end that is not there.", "Choose another."),
    Reason.PORT_TAKEN: (
        "Another process listens on the port.",
        "Stop it, or choose another port (0 takes a free one).",
    ),
    Reason.DATA_DIR_UNUSABLE: (
        "The data folder cannot be written, is full, or is held by another gateway.",
        "Free it, or choose another `data_dir`.",
    ),
    Reason.STORE_CORRUPT: (
        "A file of the store is damaged or of another program; it was left untouched.",
        "Move it away and import again.",
    ),
    Reason.STORE_VERSION: (
        "The store was written by another version; it was left untouched.",
        "Use that version, or import into another folder.",
    ),
    Reason.IMPORT_FAILED: (
        "A file could not be imported; nothing of it was stored.",
        "Correct the rows that the report names.",
    ),
    Reason.LAYOUT_UNKNOWN: (
        "No known layout has the file's header.",
        "Name one with `--layout`, or rename columns as docs/imports.md shows.",
    ),
    Reason.LAYOUT_AMBIGUOUS: ("Several layouts fit the file.", "Choose one with `--layout`."),
    Reason.INTERNAL: (
        "A fault of the gateway; its log has the details under the request id.",
        "Quote the request id to the operator. An order may have been sent: query it first.",
    ),
}

# Kept for what a later version brings; nothing sends them yet.
RESERVED = frozenset({Reason.TRADING_DISABLED})
# What concerns documents alone, and downloads alone.
GRAPHQL_ONLY = frozenset(
    {
        Reason.GRAPHQL_PARSE_FAILED,
        Reason.GRAPHQL_VALIDATION_FAILED,
        Reason.COST_LIMIT,
        Reason.UNTRUSTED_DOCUMENT,
        Reason.UNKNOWN_DOCUMENT,
        Reason.QUERY_TOO_LARGE,
        Reason.ONE_ORDER_FIELD,
    }
)
GRPC_ONLY = frozenset(
    {
        Reason.RESUME_TOKEN_INVALID,
        Reason.RESUME_REQUEST_CHANGED,
        Reason.RESUME_TOKEN_EXPIRED,
        Reason.SOURCE_CHANGED,
    }
)
# What the Python client finds by itself.
CLIENT_ONLY = frozenset({Reason.DOWNLOAD_INCOMPLETE, Reason.DOWNLOAD_CORRUPT})
